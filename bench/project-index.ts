/**
 * How to keep projects apart in the index of words: each term prefixed with its library's number (what the store does),
 * a project token that every query ANDs, or a filter afterwards. The same chunks, the same queries, one connection.
 */
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { analyzeQuestion } from '../shared/retrieve/question.ts'
import { type Bench, median, percentile, told } from './figure.ts'
import { buildLibrary } from './library.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

const questions = 300
const tokenizer = `tokenize = "ascii tokenchars '!#$%&()*+,-./:;<=>?@[\\]^_{|}~'"`

export const bench: Bench = async ({ note }) => {
  await using folder = await createTemporaryFolder('index')
  const db = new Sqlite(path.join(folder.path, 'index.db'))
  db.exec(`
    create virtual table prefixed using fts5 (terms, content = '', ${tokenizer});
    create virtual table token using fts5 (terms, project, content = '', ${tokenizer});
    create table chunk (id integer primary key, project integer);
    begin`)
  const prefixed = db.prepare('insert into prefixed (rowid, terms) values (?, ?)')
  const token = db.prepare('insert into token (rowid, terms, project) values (?, ?, ?)')
  const row = db.prepare('insert into chunk values (?, ?)')
  let id = 0
  const { text, samples } = await buildLibrary(folder.path, {
    note,
    each(project, { terms }) {
      id += 1
      prefixed.run(id, terms.map(term => `${project}~${term}`).join(' '))
      token.run(id, terms.join(' '), `p${project}`)
      row.run(id, project)
    },
  })
  db.exec('commit')
  note('both indexes are built')

  const select = (table: string, rest = '') =>
    db.prepare(`select rowid from ${table} where ${table} match ? ${rest} order by rank limit 200`)
  const ways = {
    prefix: { query: select('prefixed'), match: (terms: string[]) => terms.map(term => `"0~${term}"`).join(' OR ') },
    token: {
      query: select('token'),
      match: (terms: string[]) => `project : p0 AND terms : (${terms.map(term => `"${term}"`).join(' OR ')})`,
    },
    filter: {
      query: select('token', 'and +rowid in (select id from chunk where project = 0)'),
      match: (terms: string[]) => terms.map(term => `"${term}"`).join(' OR '),
    },
  }
  const times = { prefix: [] as number[], token: [] as number[], filter: [] as number[] }
  for (let at = 0; at < questions; at++) {
    const terms = analyzeQuestion(text.question(samples[(at * 37) % samples.length])).terms.map(({ term }) => term)
    if (terms.length === 0) continue
    for (const way of ['prefix', 'token', 'filter'] as const) {
      const { query, match } = ways[way]
      const started = performance.now()
      query.all(match(terms))
      if (at >= 20) times[way].push(performance.now() - started)
    }
  }
  db.close()
  const ratio = (way: 'token' | 'filter', of: (values: number[]) => number) => of(times[way]) / of(times.prefix)
  const p95 = (values: number[]) => percentile(values, 0.95)
  return [
    told('prefix, p50', median(times.prefix), 'ms'),
    told('prefix, p95', p95(times.prefix), 'ms'),
    told('project token ANDed, p50 of the prefix', ratio('token', median), 'times'),
    told('project token ANDed, p95 of the prefix', ratio('token', p95), 'times'),
    told('filtered afterwards, p50 of the prefix', ratio('filter', median), 'times'),
    told('filtered afterwards, p95 of the prefix', ratio('filter', p95), 'times'),
  ]
}
