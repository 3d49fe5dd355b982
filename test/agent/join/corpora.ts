// Stack traces as the languages print them, and logs that are none. Each entry is what must become one line.

/** Traces by what prints them; lines of one entry. */
export const traces: Readonly<Record<string, string>> = {
  'Java, with causes, suppressed ones and omissions': `Exception in thread "main" java.lang.RuntimeException: could not place the order
\tat com.example.shop.OrderService.place(OrderService.java:42)
\tat com.example.shop.Main.main(Main.java:12)
\tSuppressed: java.io.IOException: close failed
\t\tat com.example.shop.Connection.close(Connection.java:31)
\t\t... 1 more
Caused by: java.sql.SQLException: connection refused
\tat com.example.db.Pool.get(Pool.java:88)
\t... 12 more
Caused by: java.net.ConnectException: Connection refused (Connection refused)
\tat java.base/java.net.PlainSocketImpl.socketConnect(Native Method)
\tat java.base/jdk.internal.reflect.GeneratedMethodAccessor12.invoke(Unknown Source)
\t... 14 common frames omitted`,
  'Java, an exception of any name': `com.example.shop.OrderNotFound: no order 17
\tat com.example.shop.OrderService.find(OrderService.java:51)
\tat com.example.shop.OrderService$$Lambda$14/0x0000000800066840.apply(Unknown Source)`,
  'Java, behind a log line': `2026-11-20 10:00:00,123 ERROR [main] c.e.s.OrderService - java.lang.IllegalStateException: no stock
\tat com.example.shop.Stock.take(Stock.java:9) ~[app.jar:1.2]
\tat com.example.shop.Main.main(Main.java:12) [app.jar:1.2]`,
  'Java, a message of several lines': `org.springframework.beans.factory.BeanCreationException: Error creating bean:
  the datasource is not configured
  set spring.datasource.url
\tat org.springframework.beans.Factory.create(Factory.java:1)
\tat org.springframework.boot.Run.run(Run.java:2)`,
  'Java, Jackson': `com.fasterxml.jackson.core.JsonParseException: Unexpected character ('}' (code 125))
 at [Source: (String)"{"a":}"; line: 1, column: 6]
\tat com.fasterxml.jackson.core.JsonParser._constructError(JsonParser.java:2391)`,
  'Java, Reactor': `java.lang.IllegalArgumentException: boom
\tat com.example.Flow.lambda$run$0(Flow.java:10)
\tSuppressed: reactor.core.publisher.FluxOnAssembly$OnAssemblyException: 
Error has been observed at the following site(s):
\t*__checkpoint ⇢ com.example.Filter [DefaultWebFilterChain]
\t|_ checkpoint ⇢ HTTP GET "/orders"
Original Stack Trace:
\t\tat com.example.Flow.lambda$run$0(Flow.java:10)
\t\tat reactor.core.publisher.FluxMap.onNext(FluxMap.java:106)`,
  'Python': `Traceback (most recent call last):
  File "/app/main.py", line 12, in <module>
    run()
  File "/app/main.py", line 8, in run
    value = data["key"]
            ~~~~^^^^^^^
KeyError: 'key'`,
  'Python, chained twice': `Traceback (most recent call last):
  File "/app/db.py", line 5, in get
    return pool.get()
psycopg2.OperationalError: connection refused

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/main.py", line 9, in run
    get()
app.errors.Unavailable

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/main.py", line 20, in <module>
    run()
  [Previous line repeated 996 more times]
RuntimeError: gave up`,
  'Python, an exception group': `  + Exception Group Traceback (most recent call last):
  |   File "/app/g.py", line 3, in <module>
  |     raise ExceptionGroup("several", [ValueError(1), TypeError(2)])
  | ExceptionGroup: several (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +---------------- 2 ----------------
    | TypeError: 2
    +------------------------------------`,
  'Go, a panic': `panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48f1a2]

goroutine 1 [running]:
main.(*Server).handle(0xc000010000, {0x4b2c80, 0xc000012345})
\t/app/server.go:42 +0x1d
main.main()
\t/app/main.go:12 +0x25
exit status 2`,
  'Go, recovered and again': `panic: first [recovered]
\tpanic: second

goroutine 18 [running]:
testing.tRunner.func1.2({0x4f2a20, 0x5531f0})
\t/usr/local/go/src/testing/testing.go:1545 +0x238
panic({0x4f2a20?, 0x5531f0?})
\t/usr/local/go/src/runtime/panic.go:914 +0x21f
created by testing.(*T).Run in goroutine 1
\t/usr/local/go/src/testing/testing.go:1648 +0x3ad`,
  'Go, all goroutines': `fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan receive]:
main.main()
\t/app/main.go:7 +0x36

goroutine 6 [select, 2 minutes]:
main.worker(...)
\t/app/worker.go:11
created by main.start
\t/app/main.go:5 +0x25`,
  'Go, net/http': `2026/11/20 10:00:00 http: panic serving 10.0.0.7:51234: boom
goroutine 34 [running]:
net/http.(*conn).serve.func1()
\t/usr/local/go/src/net/http/server.go:1868 +0xb9
main.handler({0x6b8f90, 0xc0000e0000}, 0xc0000c4000)
\t/app/main.go:10 +0x45`,
  'Node': `TypeError: Cannot read properties of undefined (reading 'id')
    at getUser (/app/src/users.js:12:17)
    at async Promise.all (index 0)
    at async /app/src/server.js:33:5
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)`,
  'Node, behind words': `failed to load: Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'x'
    at new NodeError (node:internal/errors:405:5)
    at Object.<anonymous> [as run] (file:///app/index.js:3:9)`,
  'Node, with fields and a cause': `Error: connect ECONNREFUSED 127.0.0.1:5432
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16) {
  errno: -111,
  code: 'ECONNREFUSED',
  [cause]: Error: deeper
      at run (/app/x.js:1:1)
}`,
  'Node, an uncaught one with its source': `/app/index.js:3
    throw new Error('boom');
    ^

Error: boom
    at Object.<anonymous> (/app/index.js:3:11)
    at Module._compile (node:internal/modules/cjs/loader:1256:14)

Node.js v24.1.0`,
  'Node, a module that is missing': `Error: Cannot find module './config'
Require stack:
- /app/index.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1077:15)
    at Module._load (node:internal/modules/cjs/loader:922:27)`,
  '.NET': `Unhandled exception. System.InvalidOperationException: boom
 ---> System.ArgumentNullException: Value cannot be null. (Parameter 'key')
   at System.Collections.Generic.Dictionary\`2.FindValue(TKey key)
   at Shop.Orders.Find[TKey, TValue](TKey key) in /src/Orders.cs:line 12
   --- End of inner exception stack trace ---
   at Shop.Program.<Main>$(String[] args) in /src/Program.cs:line 3
--- End of stack trace from previous location ---
   at Shop.Runner.RunAsync()`,
  '.NET, the console logger': `fail: Microsoft.AspNetCore.Server.Kestrel[13]
      Connection id "0HN", Request id "0HN:1": An unhandled exception was thrown by the application.
      System.InvalidOperationException: boom
         at Shop.Api.Get() in /src/Api.cs:line 7
         at Microsoft.AspNetCore.Http.RequestDelegate.Invoke(HttpContext context)`,
  'Ruby': `app.rb:3:in 'Integer#/': divided by 0 (ZeroDivisionError)
\tfrom app.rb:3:in 'Object#run'
\tfrom app.rb:7:in '<main>'`,
  'Ruby, before 3.4, with the line of source': `/app/run.rb:12:in \`call': undefined method \`name' for nil:NilClass (NoMethodError)

    user.name
        ^^^^^
\tfrom /app/run.rb:20:in \`block in <main>'
\tfrom /usr/lib/ruby/gems/3.2.0/gems/rack-3.0/lib/rack.rb:5:in \`each'
\t ... 12 levels...
\tfrom /app/run.rb:22:in \`<main>'`,
  'Ruby on Rails': `ActionView::Template::Error (undefined method 'name' for nil):
app/views/orders/show.html.erb:3:in 'show'
app/controllers/orders_controller.rb:12:in 'OrdersController#show'`,
  'Rust': `thread 'main' panicked at src/main.rs:4:10:
called \`Option::unwrap()\` on a \`None\` value
stack backtrace:
   0: rust_begin_unwind
             at /rustc/abc/library/std/src/panicking.rs:645:5
   1: core::panicking::panic_fmt
             at /rustc/abc/library/core/src/panicking.rs:72:14
note: Some details are omitted, run with \`RUST_BACKTRACE=full\` for a verbose backtrace.`,
  'Rust, as it was, without a backtrace': `thread 'worker-1' panicked at 'boom', src/worker.rs:9:5
note: run with \`RUST_BACKTRACE=1\` environment variable to display a backtrace`,
  'Rust, anyhow': `Error: could not read the settings

Caused by:
    0: failed to open /etc/app.toml
    1: No such file or directory (os error 2)`,
  'PHP': `PHP Fatal error:  Uncaught RuntimeException: boom in /app/index.php:3
Stack trace:
#0 /app/index.php(7): run()
#1 {main}
  thrown in /app/index.php on line 3`,
  'PHP, Laravel': `[2026-11-20 10:00:00] production.ERROR: boom {"exception":"[object] (RuntimeException(code: 0): boom at /app/x.php:3)
[stacktrace]
#0 /app/vendor/laravel/framework/src/Illuminate/Routing/Router.php(12): App\\\\Http->run()
#1 {main}
"} `,
};

/** Logs in which no two lines belong together. */
export const ordinary: Readonly<Record<string, readonly string[]>> = {
  'JSON': ['{"level":"error","msg":"Error: boom"}', '{"level":"info","stack":"Error: x\\n    at y"}', '{'],
  'logfmt': ['level=error err="Error: connection refused" ts=1', 'level=info msg="retrying"', 'level=error err=Exception', 'level=info msg=ok'],
  'pretty-printed JSON': ['{', '  "error": "TypeError: x",', '  "at": {', '    "at": "noon"', '  }', '}'],
  'YAML': ['spec:', '  containers:', '    - name: web', '      image: web:1', '    at: start', 'status: ok'],
  'indented text': ['Usage: app [options]', '    at noon (UTC) the job runs', '    at the end', '\tat work', '  --help  this text', '\tfrom here to there'],
  'errors without traces': ['Error: one', 'Error: two', 'Exception', 'ERROR something failed: TimeoutError: 5s', 'retrying in 5 s', '2026-11-20 INFO ok'],
  'an error and other lines': ['Error: boom', 'Listening on port 3000', 'Ready', '    and indented', 'GET /orders 200'],
  'SQL': ['SELECT *', '  FROM orders', ' WHERE id = 1', '   AND x.y(z)', ';'],
  'access logs': ['10.0.0.1 - - [20/Nov/2026:10:00:00 +0000] "GET /a:80" 200', '/health:8080', '/metrics', '    ^', '200'],
  'klog': ['E1120 10:00:00.000000       1 main.go:12] Error: x', 'I1120 10:00:00.000000       1 main.go:13] ok', 'goroutine pool started', 'goroutine 5 is done'],
  'words that traces begin with': ['panic: not really', '2026/11/20 10:00:00 next', 'fatal error: none', 'INFO fine', "thread 'x' started", 'Caused by: nobody', 'Suppressed: nothing', '... 3 more', '#0 zero'],
  'Python, a traceback that is not one': ['Traceback (most recent call last):', 'INFO:root:fine', 'ValueError: x', 'During handling of the above exception, another exception occurred:'],
  '.NET, records without traces': ['info: Shop.Api[0]', '      Application started.', 'warn: Shop.Api[1]', '      Slow request', '      took 3 s', 'info: Shop.Api[0]', '      ok'],
  'Ruby warnings': ['app.rb:3: warning: x is unused', 'app.rb:4: warning: y', '    x = 1', "app.rb:5:in 'x': no more", 'done'],
  'a table': ['NAME    READY', 'web-1   1/1', '------------', '  at   10:00', '| a | b |'],
  'markdown': ['# Errors', '* Error: one', '    at least two', '#1 first', '> quoted'],
  'empty lines': ['', '', 'Error', '', '', 'ok', ''],
  'make': ['make[1]: Entering directory', 'cc -o x x.c', 'x.c:3:5: error: expected', '    3 | int', '      |     ^', 'make: *** [x] Error 1', 'make: done'],
};
