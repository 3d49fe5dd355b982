// Times are BigInt nanoseconds since 1970, as in the API.

const units = { s: 1, m: 60, h: 3600, d: 86400 };

export function nowNs() {
  return BigInt(Date.now()) * 1_000_000n;
}

/** `15m` as nanoseconds; undefined if it is none. */
export function rangeNs(text) {
  const match = /^(\d{1,6})([smhd])$/.exec(text ?? '');
  return match === null ? undefined : BigInt(match[1]) * BigInt(units[match[2]]) * 1_000_000_000n;
}

const two = (value) => String(value).padStart(2, '0');

/** `10:00:00.123` in the zone of the browser, with the date where it is not today. */
export function clockTime(ns) {
  const ms = Number(ns / 1_000_000n);
  const at = new Date(ms);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(((ms % 1000) + 1000) % 1000).padStart(3, '0')}`;
  return at.toDateString() === new Date().toDateString() ? time : `${two(at.getMonth() + 1)}-${two(at.getDate())} ${time.slice(0, 8)}`;
}

/** The whole time with nanoseconds, in UTC. */
export function exactTime(ns) {
  const fraction = (ns % 1_000_000_000n).toString().padStart(9, '0');
  return `${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** `12.3ms` */
export function span(ns) {
  const value = Number(ns);
  if (value < 1e3) return `${value}ns`;
  if (value < 1e6) return `${short(value / 1e3)}µs`;
  if (value < 1e9) return `${short(value / 1e6)}ms`;
  if (value < 60e9) return `${short(value / 1e9)}s`;
  const seconds = Math.round(value / 1e9);
  return seconds < 3600 ? `${Math.trunc(seconds / 60)}m${seconds % 60}s` : `${Math.trunc(seconds / 3600)}h${Math.trunc((seconds % 3600) / 60)}m`;
}

function short(value) {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** The value of an <input type="datetime-local"> for milliseconds since 1970, and back. */
export function toInput(ms) {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function fromInput(text) {
  const ms = new Date(text).getTime();
  return Number.isNaN(ms) ? undefined : ms;
}
