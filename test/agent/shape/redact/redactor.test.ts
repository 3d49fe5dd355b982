import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeMetadata } from '../../../../src/bytes/mod.ts';
import { builtinRedactions, defaultRedactions, Redactor, type RedactOptions } from '../../../../agent/shape/redact/redactor.ts';
import { collector, copyOf, line } from '../lines.ts';

function redacted(text: string | Buffer, options: Partial<RedactOptions> = {}): { readonly text: string; readonly kinds: readonly string[]; readonly bytes: Buffer } {
  const kinds: string[] = [];
  const redactor = new Redactor({ builtin: defaultRedactions, patterns: [], ...options }, (kind) => kinds.push(kind));
  const view = line({ text });
  redactor.redact(view);
  const bytes = Buffer.from(view.bytes.subarray(view.start, view.end));
  return { text: bytes.toString(), kinds, bytes };
}

const jwt = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4ifQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c';
// Put together here, so that no scanner takes this file for a leak.
const joined = (...parts: readonly string[]): string => parts.join('');
const github = joined('ghp', '_aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA1bC2');
const slack = joined('xox', 'b-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx');
const stripe = joined('sk', '_live_51H8abcdefghijklmnopqrst');
const aws = joined('AKIA', 'IOSFODNN7EXAMPLE');
const gcp = joined('AIza', 'SyA1234567890abcdefghijklmnopqrstuv');
const pem = joined('-----BEGIN RSA ', 'PRIVATE KEY-----');
const pemEnd = joined('-----END RSA ', 'PRIVATE KEY-----');

describe('what is on by default', () => {
  test.each([
    ['a JWT', `token ${jwt} was refused`, 'token [redacted:jwt] was refused'],
    ['a JWT at the end', `got ${jwt}`, 'got [redacted:jwt]'],
    ['a JWT at the beginning', `${jwt},next`, '[redacted:jwt],next'],
    ['a JWT in JSON', `{"t":"${jwt}","n":1}`, '{"t":"[redacted:jwt]","n":1}'],
    ['a bearer token', 'Authorization: Bearer abc123def456ghi789', 'Authorization: Bearer [redacted:bearer]'],
    ['a bearer token in JSON', '{"authorization":"bearer 6f9a8b7c6d5e4f3a2b1c==","status":401}', '{"authorization":"bearer [redacted:bearer]","status":401}'],
    ['a bearer JWT is one secret', `Bearer ${jwt}`, 'Bearer [redacted:bearer]'],
    ['basic authentication', `authorization: Basic ${Buffer.from('alice:wonder').toString('base64')}`, 'authorization: Basic [redacted:basic_auth]'],
    ['a GitHub token', `push with ${github} failed`, 'push with [redacted:github_token] failed'],
    ['a Slack token', `token=${slack};`, 'token=[redacted:slack_token];'],
    ['a Stripe key', `using '${stripe}'`, "using '[redacted:stripe_key]'"],
    ['an AWS key', `key ${aws}.`, 'key [redacted:aws_key].'],
    ['a Google key', `?key=${gcp}&x=1`, '?key=[redacted:gcp_key]&x=1'],
    ['a password in a URL', 'dial postgres://app:s3cr%40t@db.internal:5432/orders', 'dial postgres://app:[redacted:url_password]@db.internal:5432/orders'],
    ['a password with an @ in a URL', 'redis://:p@ss@cache:6379/0 up', 'redis://:[redacted:url_password]@cache:6379/0 up'],
    ['password=', 'login user=bob password=hunter2 ok=false', 'login user=bob password=[redacted:password] ok=false'],
    ['password= at the beginning', 'pwd=hunter2', 'pwd=[redacted:password]'],
    ['password= in capitals', 'DB_PASSWORD=hunter2', 'DB_PASSWORD=[redacted:password]'],
    ['password: with a space', 'password: hunter2, retrying', 'password: [redacted:password], retrying'],
    ['a quoted password in logfmt', 'password="hunter 2 \\" 3" next=1', 'password="[redacted:password]" next=1'],
    ['a password in JSON', '{"user":"bob","password":"hunter\\"2","n":1}', '{"user":"bob","password":"[redacted:password]","n":1}'],
    ['a password in JSON with spaces', '{ "userPassword" : "x1" }', '{ "userPassword" : "[redacted:password]" }'],
    ['a number as password in JSON', '{"password":12345,"n":1}', '{"password":"[redacted:password]","n":1}'],
    ['a password in JSON in a string', '{"body":"{\\"password\\":\\"a b\\",\\"n\\":1}"}', '{"body":"{\\"password\\":\\"[redacted:password]\\",\\"n\\":1}"}'],
    ['a number in JSON in a string', '{"body":"{\\"password\\":123,\\"n\\":1}"}', '{"body":"{\\"password\\":\\"[redacted:password]\\",\\"n\\":1}"}'],
    ['a password in a Python dictionary', "{'passwd': 'hunter2'}", "{'passwd': '[redacted:password]'}"],
    ['a client secret', '"clientSecret":"abc"', '"clientSecret":"[redacted:secret]"'],
    ['an API key', 'x-api-key: 0123456789abcdef', 'x-api-key: [redacted:secret]'],
    ['an access token in a URL', 'GET /cb?access_token=abc123&state=9 200', 'GET /cb?access_token=[redacted:secret]&state=9 200'],
    ['two secrets', `password=a1 and ${github}`, 'password=[redacted:password] and [redacted:github_token]'],
    ['a value that is cut off', '{"password":"hunter', '{"password":"[redacted:password]'],
  ])('%s', (_, text, expected) => {
    expect(redacted(text).text).toBe(expected);
  });

  test('a private key over lines, in one entry', () => {
    expect(redacted(`loaded\n${pem}\nMIIEpAIBAAKCAQEA\nabc\n${pemEnd}\nok`).text).toBe(`loaded\n${pem}[redacted:private_key]${pemEnd}\nok`);
    expect(redacted(`{"key":"${pem}\\nMIIE\\n${pemEnd}\\n"}`).text).toBe(`{"key":"${pem}[redacted:private_key]${pemEnd}\\n"}`);
    expect(redacted(`${pem}\nMIIEpAIB`).text).toBe(`${pem}[redacted:private_key]`);
  });

  test.each([
    'bearer authentication failed', 'Bearer realm="api"', 'the basic setup', 'Basic authentication is on', 'eyJ is no token', 'eyJhbGciOi.eyJ', 'see https://example.com:8080/a@b', 'git@github.com:org/repo.git',
    'password', 'password is wrong', '{"password":null,"passwordHint":"none"}', 'password=', 'password=***', '"password":""', 'password==other', 'std::password::check', 'open /etc/passwd: permission denied',
    'secret "default/app" not found', 'token=EOF', '"key":"value"', 'primary_key=17', 'max_tokens=100', 'next_token: 5', 'PWD=/srv/app', 'task_live_1', 'monkey=3', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    'AKIA', 'ghp_short', '4111 1111 1111 1111', 'mail bob@example.com from 10.0.0.1', '', 'p', 'pw', 'pwd', '://', 'a://', 'password:', '"password":', "passwd='",
  ])('leaves alone: %s', (text) => {
    expect(redacted(text)).toMatchObject({ text, kinds: [] });
  });

  test('does nothing twice', () => {
    const once = redacted(`password=x1 {"apiKey":"y"} ${jwt} redis://u:p@h ${pem}\nabc\n${pemEnd}`);
    expect(once.kinds).toHaveLength(5);
    expect(redacted(once.bytes).text).toBe(once.text);
  });

  test('finds secrets between any bytes, at any place', () => {
    const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(bytes, bytes, fc.constantFrom(github, aws, stripe), (before, after, secret) => {
        const text = Buffer.concat([before, Buffer.from(' '), Buffer.from(secret), Buffer.from(' '), after]);
        const result = redacted(text).bytes.toString('latin1');
        expect(result.includes(secret)).toBe(false);
      }),
    );
  });

  test('leaves bytes that are no UTF-8 as they are', () => {
    const { bytes } = redacted(Buffer.concat([Buffer.from([0xff, 0xfe, 0x00]), Buffer.from(' password=a1 '), Buffer.from([0xc3, 0x28, 0x80])]));
    expect(bytes).toEqual(Buffer.concat([Buffer.from([0xff, 0xfe, 0x00]), Buffer.from(' password=[redacted:password] '), Buffer.from([0xc3, 0x28, 0x80])]));
  });

  test('random text passes as it is', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (array) => {
      const { bytes, kinds } = redacted(Buffer.from(array), { builtin: builtinRedactions });
      if (kinds.length === 0) expect(bytes).toEqual(Buffer.from(array));
    }));
    fc.assert(fc.property(fc.stringMatching(/^[a-z ]{0,200}$/), (text) => {
      expect(redacted(text).text).toBe(text);
    }));
  });
});

describe('what has to be asked for', () => {
  test.each([
    ['paid with 4111 1111 1111 1111 today', 'paid with [redacted:card] today'],
    ['pan=4111111111111111', 'pan=[redacted:card]'],
    ['5500-0055-5555-5559,x', '[redacted:card],x'],
    ['amex 378282246310005.', null],
    ['amex 3782 822463 10005', 'amex [redacted:card]'],
    ['12 4111 1111 1111 1111', '12 [redacted:card]'],
    ['4111 1111 1111 1111 1234', null],
    ['4111 1111 1111 1112', null],
    ['1732312345678901234', null],
    ['id a4111111111111111', null],
    ['4111111111111111.5', null],
    ['0000 0000 0000 0000', null],
    ['2026-11-22 10:00:00 6011 0009 9013 9424', '2026-11-22 10:00:00 [redacted:card]'],
  ])('card: %s', (text, expected) => {
    expect(redacted(text, { builtin: ['card'] }).text).toBe(expected ?? text);
  });

  test.each([
    ['to bob@example.com, ok', 'to [redacted:email], ok'],
    ['<a.b+c@mail.example.org>', '<[redacted:email]>'],
    ['user=bob@example.com next', 'user=[redacted:email] next'],
    ['bob@example.com alice@example.org.', '[redacted:email] [redacted:email].'],
    ['@home, bob@localhost, git@', '@home, bob@localhost, git@'],
  ])('email: %s', (text, expected) => {
    expect(redacted(text, { builtin: ['email'] }).text).toBe(expected);
  });

  test.each([
    ['from 10.0.0.1:8080 to 192.168.1.254.', 'from [redacted:ip]:8080 to [redacted:ip].'],
    ['[2001:db8::1]:443', '[[redacted:ip]]:443'],
    ['::1 is home', '[redacted:ip] is home'],
    ['at 12:34:56 version 1.2.3', 'at 12:34:56 version 1.2.3'],
    ['v1.2.3.4', 'v1.2.3.4'],
    ['10.0.0.1', '[redacted:ip]'],
  ])('ip: %s', (text, expected) => {
    expect(redacted(text, { builtin: ['ip'] }).text).toBe(expected);
  });

  test('random bytes keep what is no address and no card', () => {
    fc.assert(fc.property(fc.stringMatching(/^[0-9a-f:. -]{0,60}$/), (text) => {
      const result = redacted(text, { builtin: ['card', 'ip', 'email'] });
      if (result.kinds.length === 0) expect(result.text).toBe(text);
    }));
  });
});

describe('patterns of one’s own', () => {
  test('replace what they match, or the group named secret', () => {
    const patterns = [{ name: 'iban', pattern: 'DE\\d{20}' }, { name: 'pin', pattern: 'pin (?P<secret>\\d+)', replacement: '####' }];
    expect(redacted('DE12345678901234567890 pin 1234, pin 99 DE00000000000000000000', { patterns }).text).toBe('[redacted:iban] pin ####, pin #### [redacted:iban]');
  });

  test('match across bytes that are no UTF-8', () => {
    const text = Buffer.concat([Buffer.from('a'), Buffer.from([0xff]), Buffer.from('number 77 b')]);
    expect(redacted(text, { patterns: [{ name: 'n', pattern: 'number \\d+' }] }).bytes).toEqual(Buffer.concat([Buffer.from('a'), Buffer.from([0xff]), Buffer.from('[redacted:n] b')]));
  });

  test('that match nothing at all end', () => {
    expect(redacted('aaa', { patterns: [{ name: 'n', pattern: 'b*' }] }).text).toBe('aaa');
    expect(redacted('abab', { patterns: [{ name: 'n', pattern: '(?:ab)*' }] }).text).toBe('[redacted:n]');
  });
});

describe('metadata', () => {
  test('values are redacted as lines are, and by their names', () => {
    const kinds: string[] = [];
    const redactor = new Redactor({ builtin: defaultRedactions, patterns: [] }, (kind) => kinds.push(kind));
    const metadata = encodeMetadata([{ name: 'auth', value: 'Bearer abcdef123456' }, { name: 'db_password', value: 'x' }, { name: 'user', value: 'bob' }]);
    const view = line({ text: 'fine', metadata });
    redactor.redact(view);
    expect(copyOf(view)).toMatchObject({ text: 'fine', metadata: { auth: 'Bearer [redacted:bearer]', db_password: '[redacted:password]', user: 'bob' } });
    expect(kinds.toSorted()).toEqual(['bearer', 'password']);
    const clean = encodeMetadata([{ name: 'user', value: 'bob' }]);
    const other = line({ text: 'fine', metadata: clean });
    redactor.redact(other);
    expect(other.metadata).toBe(clean);
  });

  test('lines that have nothing are not copied', () => {
    const redactor = new Redactor({ builtin: builtinRedactions, patterns: [] }, () => undefined);
    const view = line({ text: 'nothing to see' });
    const { bytes } = view;
    redactor.redact(view);
    expect(view.bytes).toBe(bytes);
    expect(collector().lines).toEqual([]);
  });
});
