import type { Detector, Window } from './anchors.ts';
import { alphanumeric, base64Url, beginsWord, byteSet, holdsAt, runEnd, wordBytes, type ByteSet } from './bytes.ts';

/** Keys and tokens that say whose they are: a fixed beginning and so many characters of a set. */
interface KeyForm {
  readonly kind: string;
  readonly prefix: string;
  readonly rest: ByteSet;
  readonly min: number;
  readonly max: number;
}

const upper = byteSet('A-Z0-9');
const dashed = byteSet('A-Za-z0-9-');
const path = byteSet('A-Za-z0-9_/');
const restMax = 512;

/** From the vendors' pages on their own formats; what comes before the underscore or dash is what they register for secret scanning. */
const forms: readonly KeyForm[] = [
  ...['AKIA', 'ASIA'].map((prefix) => ({ kind: 'aws_key', prefix, rest: upper, min: 16, max: 16 })),
  { kind: 'gcp_key', prefix: 'AIza', rest: base64Url, min: 35, max: 35 },
  { kind: 'gcp_key', prefix: 'ya29.', rest: base64Url, min: 20, max: restMax },
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((prefix) => ({ kind: 'github_token', prefix, rest: alphanumeric, min: 36, max: restMax })),
  { kind: 'github_token', prefix: 'github_pat_', rest: wordBytes, min: 22, max: restMax },
  { kind: 'gitlab_token', prefix: 'glpat-', rest: base64Url, min: 20, max: restMax },
  ...['xoxb-', 'xoxa-', 'xoxp-', 'xoxr-', 'xoxs-', 'xoxe-', 'xapp-'].map((prefix) => ({ kind: 'slack_token', prefix, rest: dashed, min: 10, max: restMax })),
  { kind: 'slack_token', prefix: 'hooks.slack.com/services/', rest: path, min: 20, max: restMax },
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'].map((prefix) => ({ kind: 'stripe_key', prefix, rest: alphanumeric, min: 16, max: restMax })),
  { kind: 'stripe_key', prefix: 'whsec_', rest: alphanumeric, min: 20, max: restMax },
  { kind: 'npm_token', prefix: 'npm_', rest: alphanumeric, min: 36, max: 36 },
  { kind: 'pypi_token', prefix: 'pypi-AgE', rest: base64Url, min: 50, max: restMax },
  ...['dop_v1_', 'doo_v1_', 'dor_v1_'].map((prefix) => ({ kind: 'digitalocean_token', prefix, rest: alphanumeric, min: 64, max: 64 })),
  { kind: 'vault_token', prefix: 'hvs.', rest: base64Url, min: 20, max: restMax },
  { kind: 'ai_key', prefix: 'sk-ant-', rest: base64Url, min: 20, max: restMax },
  { kind: 'ai_key', prefix: 'sk-proj-', rest: base64Url, min: 20, max: restMax },
];

/** By the first four bytes. */
const byHead = Map.groupBy(forms, (form) => headOf(Buffer.from(form.prefix), 0));

function headOf(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** Keys of AWS, Google, GitHub, GitLab, Slack, Stripe, npm, PyPI, DigitalOcean, Vault and AI services. */
export const keyDetector: Detector = {
  kinds: Array.from(new Set(forms.map((form) => form.kind))),
  windows: Array.from(new Set(forms.map((form) => form.prefix.slice(0, 4))), (head): Window => [head[0]!, head[1]!, head[2]!, head[3]!]),
  find: (bytes, start, end, at, out) => {
    if (at < start) return false;
    const candidates = byHead.get(headOf(bytes, at));
    if (candidates === undefined || !beginsWord(bytes, at, start)) return false;
    for (const { kind, prefix, rest, min, max } of candidates) {
      if (!holdsAt(bytes, at, end, prefix)) continue;
      const text = at + prefix.length;
      const last = runEnd(bytes, text, end, rest);
      if (last - text < min || last - text > max || (last < end && wordBytes[bytes[last]!] === 1)) continue;
      out.start = at;
      out.end = last;
      out.kind = kind;
      return true;
    }
    return false;
  },
};
