/** What is in a data directory, without ids and times, and whether its parts agree with each other. */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { hashOf } from '../../shared/store/change-log.ts'

export interface Outcome {
  /** A line for each fact. */
  facts: string[]
  problems: string[]
}

type Row = Record<string, string | number | null>

/** `settled`: nothing is left to do, and nothing lies about. */
export function readOutcome(folder: string, { settled }: { settled: boolean }): Outcome {
  const db = new Sqlite(path.join(folder, 'cloister.db'), { readonly: true })
  try {
    const rows = (sql: string) => db.prepare(sql).all() as Row[]
    const problems: string[] = []
    const demand = (holds: boolean, problem: string) => {
      if (!holds) problems.push(problem)
    }
    const check = db.pragma('integrity_check', { simple: true })
    demand(check === 'ok', `integrity_check: ${check}`)
    for (const sql of [
      'select count(*) - count(distinct blob) from document',
      'select count(*) from document d where d.parsed <> (select count(*) from segment where document_id = d.id)',
      'select count(*) from document d where d.chunks <> (select count(*) from chunk where document_id = d.id)',
      'select count(*) from chunk where document_id not in (select id from document)',
      'select count(*) from segment where document_id not in (select id from document)',
      'select count(*) from document_file where child_id not in (select id from document)',
      'select (select count(*) from chunk) - (select count(*) from chunk_words_docsize)',
      'select (select count(*) from chunk) - (select coalesce(sum(chunks), 0) from library)',
      'select count(*) from clearing',
      ...(settled ? ['select count(*) from job'] : []),
    ]) {
      const count = db.prepare(sql).pluck().get()
      demand(count === 0, `${sql}: ${count}`)
    }
    const changes = rows('select * from changes order by n')
    changes.forEach((row, at) => {
      demand(row.n === at + 1, `change ${row.n} at place ${at + 1}`)
      const before = changes[at - 1]
      const later = before && [
        Number(row.hlc_physical) - Number(before.hlc_physical),
        Number(row.hlc_logical) - Number(before.hlc_logical),
      ]
      demand(
        !later || later[0]! > 0 || (later[0] === 0 && later[1]! > 0),
        `change ${row.n} is not later than the one before`,
      )
      demand(row.hash === hashOf(row as unknown as Parameters<typeof hashOf>[0]), `the hash of change ${row.n}`)
    })
    const needed = rows('select distinct blob from document').map(({ blob }) => String(blob))
    const kept = readdirSync(path.join(folder, 'blobs'))
      .filter(start => start.length === 2)
      .flatMap(start => readdirSync(path.join(folder, 'blobs', start)).map(rest => start + rest))
    for (const blob of needed) demand(kept.includes(blob), `no bytes of ${blob}`)
    if (settled) {
      for (const blob of kept) demand(needed.includes(blob), `the bytes ${blob} belong to nobody`)
      demand(readdirSync(path.join(folder, 'blobs', 'tmp')).length === 0, 'half a blob lies about')
      demand(readdirSync(path.join(folder, 'scratch')).length === 0, 'what was taken out lies about')
    }
    const facts = [
      `select path, name, media_type, size, blob, state, segments, paged, parsed, indexed, chunks, language, reason,
         receipt, parser_state, reasons, inside_files, inside_bytes, sort_key, to_recognize, recognized,
         (select path from document p where p.id = d.parent_id) as parent, deleted_at from document d order by path`,
      `select path as file, number, width, height, problem, blocks, margins, recognition
         from segment s join document d on d.id = s.document_id order by file, number`,
      `select d.path as file, position, text, c.headings, pieces, c.language, terms, context_terms
         from chunk c join document d on d.id = c.document_id order by file, position`,
      'select term, chunks from term order by term',
      `select d.path as container, number, f.name, f.path, f.reason, (select path from document where id = child_id)
         from document_file f join document d on d.id = f.document_id order by container, number`,
    ].flatMap(sql => rows(sql).map(row => withoutIds(JSON.stringify(row))))
    // Counted without times: whether two documents were added in the same millisecond is no fact.
    const changed = new Map<string, number>()
    for (const { entity, field, value } of changes) {
      if (field === 'deleted_at') continue
      const fact = withoutIds(JSON.stringify({ entity, field, value }))
      changed.set(fact, (changed.get(fact) ?? 0) + 1)
    }
    facts.push(...[...changed].map(([fact, count]) => `${count} × ${fact}`).sort())
    return { facts, problems }
  } finally {
    db.close()
  }
}

/** UUIDs, and times in changes (13 digits). */
function withoutIds(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'id')
    .replaceAll(/\b1[0-9]{12}\b/g, 'time')
}

/** What one has and the other has not, at most some of it. */
export function differences(found: readonly string[], wanted: readonly string[]): string[] {
  const cut = (text: string) => (text.length > 300 ? `${text.slice(0, 300)}…` : text)
  const missing = wanted.filter(fact => !found.includes(fact)).map(fact => `missing: ${cut(fact)}`)
  const added = found.filter(fact => !wanted.includes(fact)).map(fact => `instead: ${cut(fact)}`)
  if (missing.length + added.length === 0 && found.length !== wanted.length) return ['something is there twice']
  return [...missing.slice(0, 3), ...added.slice(0, 3)]
}
