import type { LabelSet } from '../../src/model/mod.ts';

/** Label → glob, or several of which one must fit: `*` stands for any characters, `?` for one. */
export type LabelGlobs = Readonly<Record<string, string | readonly string[]>>;

/** A test of label sets; without globs it is always true. A label that is not there has the value "". */
export function compileGlobs(globs: LabelGlobs): (labels: LabelSet) => boolean {
  const tests = Object.entries(globs).map(([name, glob]) => ({ name, globs: typeof glob === 'string' ? [glob] : glob }));
  return (labels) => tests.every(({ name, globs: alternatives }) => {
    const value = labels.find((label) => label.name === name)?.value ?? '';
    return alternatives.some((glob) => fits(glob, value));
  });
}

/** Whether a text fits a glob, in time linear in both for one star and at worst their product. */
function fits(glob: string, text: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let mark = 0;
  while (place < text.length) {
    if (at < glob.length && (glob[at] === '?' || (glob[at] !== '*' && glob[at] === text[place]))) {
      at++;
      place++;
    } else if (glob[at] === '*') {
      star = at++;
      mark = place;
    } else if (star >= 0) {
      at = star + 1;
      place = ++mark;
    } else {
      return false;
    }
  }
  while (glob[at] === '*') at++;
  return at === glob.length;
}
