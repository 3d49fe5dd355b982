/** Longest pattern. */
export const globLengthMax = 1000;

/** A path pattern, cut at its slashes. */
export interface Glob {
  readonly pattern: string;
  /** Directory that every match lies under: the parts before the first with a wildcard. */
  readonly root: string;
  /** The parts after it: a name to be matched, or null for `**` (any number of directories). The last is the file's. */
  readonly parts: readonly (RegExp | null)[];
}

/**
 * Reads an absolute path pattern: `*` and `?` (not over a slash), `**` (as a whole part: any number of directories), `[a-z]`, `[!a-z]`, `{a,b}`, `\` before a character that stands for itself.
 * A name that begins with a dot is matched only by a pattern that does. Several come of one with braces around slashes. Throws an Error that says what is wrong.
 */
export function parseGlob(pattern: string): Glob {
  if (!pattern.startsWith('/')) throw new Error('a path pattern must begin with /');
  if (pattern.length > globLengthMax) throw new Error(`a path pattern has at most ${globLengthMax} characters`);
  const parts = pattern.slice(1).split('/');
  if (parts.at(-1) === '' || parts.at(-1) === '**') throw new Error('a path pattern must end in the name of a file');
  const fixed: string[] = [];
  while (parts.length > 1 && !/[*?[{\\]/.test(parts[0] ?? '')) fixed.push(parts.shift() ?? '');
  return { pattern, root: `/${fixed.join('/')}`, parts: parts.map((part) => (part === '**' ? null : partPattern(part))) };
}

/** Whether a path (absolute, without `.` and `..`) matches. */
export function matchesGlob(glob: Glob, path: string): boolean {
  const root = glob.root === '/' ? '/' : `${glob.root}/`;
  if (!path.startsWith(root)) return false;
  return matchParts(glob.parts, 0, path.slice(root.length).split('/'), 0);
}

function matchParts(parts: readonly (RegExp | null)[], at: number, names: readonly string[], from: number): boolean {
  if (at === parts.length) return from === names.length;
  const part = parts[at];
  if (part === null || part === undefined) {
    for (let skip = from; skip <= names.length; skip++) {
      if (matchParts(parts, at + 1, names, skip)) return true;
      if (names[skip]?.startsWith('.') === true) return false;
    }
    return false;
  }
  return from < names.length && part.test(names[from] ?? '') && matchParts(parts, at + 1, names, from + 1);
}

function partPattern(part: string): RegExp {
  let source = part.startsWith('.') ? '' : '(?!\\.)';
  let depth = 0;
  for (let at = 0; at < part.length; at++) {
    const char = part[at] ?? '';
    if (char === '*') {
      // Several in a row are one, and nothing backtracks over them.
      while (part[at + 1] === '*') at++;
      source += '[^/]*';
    } else if (char === '?') {
      source += '[^/]';
    } else if (char === '[') {
      const end = part.indexOf(']', at + 2);
      if (end < 0) throw new Error('a [ has no ]');
      const set = part.slice(at + 1, end);
      const negated = set.startsWith('!') || set.startsWith('^');
      const content = (negated ? set.slice(1) : set).replaceAll(/[\\^[\]]/g, '\\$&');
      if (/[^-]-/.test(content) && content.split('').some((c, i, all) => c === '-' && i > 0 && i < all.length - 1 && (all[i - 1] ?? '') > (all[i + 1] ?? ''))) throw new Error(`[${set}] is no range`);
      source += `[${negated ? '^' : ''}${content}]`;
      at = end;
    } else if (char === '{') {
      depth++;
      source += '(?:';
    } else if (char === '}' && depth > 0) {
      depth--;
      source += ')';
    } else if (char === ',' && depth > 0) {
      source += '|';
    } else {
      const literal = char === '\\' && at + 1 < part.length ? (part[++at] ?? '') : char;
      source += literal.replaceAll(/[$()*+.?[\\\]^{|}/-]/g, '\\$&');
    }
  }
  if (depth > 0) throw new Error('a { has no } (braces cannot hold a slash)');
  if ((source.match(/\*/g) ?? []).length > wildcardsMax) throw new Error(`a part of a path pattern has at most ${wildcardsMax} *`);
  return new RegExp(`^${source}$`, 's');
}

/** With more, a name could be matched in too many ways. */
const wildcardsMax = 8;
