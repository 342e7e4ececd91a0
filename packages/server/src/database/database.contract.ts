/** What both drivers do alike. Run by the tests of each. */
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import type { Database } from './database.ts'

export function databaseContract(opened: () => Database): void {
  test('values are decoded alike', async () => {
    const rows = await opened().transaction((tx) =>
      tx.run(
        {
          name: 'decode',
          text: `select 9007199254740993::bigint as big, '{1,NULL,9007199254740993}'::bigint[] as bigs, '{}'::bigint[] as none,
        '{7}'::integer[] as small, timestamptz '2026-01-02T03:04:05.678Z' as at, 1.50::numeric as number,
        '{01890000-0000-7000-8000-000000000000}'::uuid[] as ids, null::bigint as nothing`,
        },
        [],
      ),
    )
    expect(rows).toEqual([
      {
        big: 9_007_199_254_740_993n,
        bigs: [1n, null, 9_007_199_254_740_993n],
        none: [],
        small: [7],
        at: new Date('2026-01-02T03:04:05.678Z'),
        number: '1.50',
        ids: ['01890000-0000-7000-8000-000000000000'],
        nothing: null,
      },
    ])
  })

  test("the tables' types name the columns that the migrations made", async () => {
    const { rows } = await opened().transaction((tx) =>
      sql<{ table_name: string; columns: string[] }>`
        select table_name, array_agg(column_name::text order by column_name) as columns from information_schema.columns
        where table_schema = 'public' and table_name not like 'kysely%' group by table_name order by table_name`.execute(
        tx.db,
      ),
    )
    expect(rows.map((row) => [row.table_name, row.columns])).toEqual(await columnsOfTypes())
  })
}

/** Reads the interfaces of tables.ts as text: types are gone when a test runs. */
async function columnsOfTypes(): Promise<[string, string[]][]> {
  const { readFile } = await import('node:fs/promises')
  const source = await readFile(new URL('tables.ts', import.meta.url), 'utf8')
  const members = (name: string): [string, string][] =>
    [
      ...(new RegExp(`interface ${name} \\{([^}]*)\\}`).exec(source)?.[1] ?? '').matchAll(
        /^ {2}(\w+): (.+)$/gm,
      ),
    ].map((match) => [match[1] ?? '', match[2] ?? ''])
  return members('Tables')
    .map(([table, type]): [string, string[]] => [
      table,
      members(type)
        .map(([column]) => column)
        .sort(),
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
