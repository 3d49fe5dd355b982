const hourMs = 3_600_000;
const offsetsMax = 256;

/** A time zone by its name (`Europe/Berlin`), for wall-clock times that do not say theirs. Throws a RangeError where there is no such zone. */
export class Zone {
  readonly #format: Intl.DateTimeFormat | null;
  /** Offsets by hour since 1970; asking costs microseconds. */
  readonly #offsets = new Map<number, number>();

  constructor(name: string) {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: name, calendar: 'iso8601', numberingSystem: 'latn', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    });
    this.#format = format.resolvedOptions().timeZone === 'UTC' ? null : format;
  }

  /** The instant, in milliseconds since 1970, at which clocks of the zone show what clocks in UTC show at `wallMs`. Of an hour that comes twice, the first. */
  toUtcMs(wallMs: number): number {
    if (this.#format === null) return wallMs;
    const before = this.#offsetMs(wallMs - 12 * hourMs);
    const early = wallMs - before;
    if (this.#offsetMs(early) === before) return early;
    return wallMs - this.#offsetMs(early);
  }

  /** Milliseconds that the zone is ahead of UTC at an instant. */
  #offsetMs(utcMs: number): number {
    const hour = Math.floor(utcMs / hourMs);
    let offset = this.#offsets.get(hour);
    if (offset === undefined) {
      const at = hour * hourMs;
      const parts = new Map(this.#format!.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
      const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
      offset = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - at;
      if (this.#offsets.size >= offsetsMax) this.#offsets.clear();
      this.#offsets.set(hour, offset);
    }
    return offset;
  }
}
