/** Objects as small numbers, for as long as somebody has taken them. */
export class Interned<T extends object> {
  readonly #objects: (T | null)[] = [];
  readonly #takers: number[] = [];
  readonly #numbers = new Map<T, number>();
  readonly #free: number[] = [];
  #last: T | null = null;
  #lastNumber = -1;

  get size(): number {
    return this.#numbers.size;
  }

  /** The number of an object. */
  take(object: T): number {
    if (object !== this.#last) {
      let number = this.#numbers.get(object);
      if (number === undefined) {
        number = this.#free.pop() ?? this.#objects.length;
        this.#objects[number] = object;
        this.#takers[number] = 0;
        this.#numbers.set(object, number);
      }
      this.#last = object;
      this.#lastNumber = number;
    }
    this.#takers[this.#lastNumber]!++;
    return this.#lastNumber;
  }

  get(number: number): T {
    const object = this.#objects[number];
    if (object === null || object === undefined) throw new RangeError('an object that nobody has taken');
    return object;
  }

  /** Gives back what take gave once. */
  drop(number: number): void {
    if (--this.#takers[number]! > 0) return;
    const object = this.get(number);
    this.#numbers.delete(object);
    this.#objects[number] = null;
    this.#free.push(number);
    if (this.#last === object) this.#last = null;
  }
}
