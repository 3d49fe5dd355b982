/** A decimal number: digits × 10^-scale. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** Places after the point that a division keeps. */
const divisionScale = 16;

/** The shortest decimal that reads back as the float; 0 for NaN and infinities, where Go's library gives up. */
export function decimalOf(value: number): Decimal {
  if (!Number.isFinite(value)) return { digits: 0n, scale: 0 };
  const match = /^(-?\d)(?:\.(\d+))?e([+-]\d+)$/.exec(value.toExponential());
  const fraction = match?.[2] ?? '';
  return normal(BigInt((match?.[1] ?? '0') + fraction), fraction.length - Number(match?.[3] ?? 0));
}

function normal(digits: bigint, scale: number): Decimal {
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { digits: a.digits * 10n ** BigInt(scale - a.scale) + b.digits * 10n ** BigInt(scale - b.scale), scale };
}

export function negate(a: Decimal): Decimal {
  return { digits: -a.digits, scale: a.scale };
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return { digits: a.digits * b.digits, scale: a.scale + b.scale };
}

/** Rounded half away from zero to 16 places; the divisor is not 0. */
export function divideDecimals(a: Decimal, b: Decimal): Decimal {
  const power = divisionScale - a.scale + b.scale;
  const numerator = power >= 0 ? a.digits * 10n ** BigInt(power) : a.digits;
  const denominator = power >= 0 ? b.digits : b.digits * 10n ** BigInt(-power);
  const quotient = numerator / denominator;
  const rest = numerator % denominator;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  const up = twice >= (denominator < 0n ? -denominator : denominator);
  const sign = numerator < 0n === denominator < 0n ? 1n : -1n;
  return { digits: up ? quotient + sign : quotient, scale: divisionScale };
}

export function decimalToFloat(a: Decimal): number {
  return Number(`${a.digits}e${-a.scale}`);
}
