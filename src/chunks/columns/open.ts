import { AffixColumn } from './affix.ts';
import type { ColumnContext } from './base.ts';
import type { Column, ColumnHeader, ColumnKind, PageOpener } from './column.ts';
import { ConstantColumn } from './constant.ts';
import { DecimalColumn } from './decimal.ts';
import { DictionaryColumn } from './dictionary.ts';
import { HexColumn } from './hex.ts';
import { IntegerColumn } from './integer.ts';
import { Ipv4Column } from './ipv4.ts';
import { PoolColumn } from './pool.ts';
import { SameColumn } from './same.ts';
import { TextColumn } from './text.ts';
import { TimeColumn } from './time.ts';
import { UuidColumn } from './uuid.ts';

type Opener = new (header: ColumnHeader, pages: PageOpener, context: ColumnContext) => Column;

const openers: { readonly [K in Exclude<ColumnKind, 'affix'>]: Opener } = {
  constant: ConstantColumn, dictionary: DictionaryColumn, integer: IntegerColumn, decimal: DecimalColumn, hex: HexColumn, uuid: UuidColumn, ipv4: Ipv4Column, time: TimeColumn,
  pool: PoolColumn, same: SameColumn, text: TextColumn,
};

/** Opens a column; reads no page. Throws `corruption` where the parameters make no sense. */
export function openColumn(header: ColumnHeader, pages: PageOpener, context: ColumnContext): Column {
  return header.kind === 'affix' ? new AffixColumn(header, pages, context, openColumn) : new openers[header.kind](header, pages, context);
}
