import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs some lines with the logback configuration at args[0], then ends as a program does. */
public class Try {
    public static void main(String[] args) throws Exception {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(args[0]);
        Logger log = LoggerFactory.getLogger("dev.spoor.Try");
        for (int i = 0; i < 20; i++) log.info("message {} h\u00e9llo", i);
        log.atWarn().addKeyValue("user_id", "7").log("with a pair");
        log.error("it failed", new IllegalStateException("boom"));
        context.stop();
        System.out.println("done");
    }
}
