/**
 * In which order test files start: those that take longest before all others, of whichever project, so that the end of a run does not wait for one
 * of them. Vitest by itself knows how long each took only where it has run before, and runs one project after the other.
 */
import path from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** More than 20 s in a run of all on two cores, the longest first. */
const longest = [
  'tests/core.test.ts',
  'tests/backup.test.ts',
  'tests/browser/models.test.ts',
  'tests/browser/journey.test.ts',
  'tests/cli.test.ts',
  'tests/browser/accounts.test.ts',
  'bench/kill.test.ts',
  'tests/replicas.test.ts',
  'shared/answer/answers.test.ts',
  'tests/providers.test.ts',
  'tests/vectors.test.ts',
  'tests/browser/screen.test.ts',
  'shared/models/download.test.ts',
  'shared/store/vectors.test.ts',
  'shared/store/store.test.ts',
  'tests/passwords.test.ts',
  'shared/queue/pg-boss.test.ts',
  'shared/backup/backup.test.ts',
  'tests/http/accounts-proof.test.ts',
  'tests/caches.test.ts',
  'shared/parsers/parsers.test.ts',
  'tests/mail.test.ts',
  'tests/faults.test.ts',
  'tests/http/no-network.test.ts',
  'tests/downloads-cli.test.ts',
  'tests/jobs.test.ts',
  'tests/engines.test.ts',
  'tests/mcp.test.ts',
  'tests/http/lock.test.ts',
  'tests/asleep.test.ts',
  'shared/models/calls.test.ts',
  'tests/corpus.test.ts',
  'shared/parsers/pdf/real.test.ts',
  'tests/http/commands.test.ts',
  'shared/store/engine/tenancy.test.ts',
  'shared/chats/retention.test.ts',
  'shared/models/supervise.test.ts',
  'tests/browser/formats.test.ts',
  'tests/http/serve.test.ts',
  'tests/browser/windows.test.ts',
  'tests/http/streams.test.ts',
  'tests/cli-postgres.test.ts',
  'tests/cli-accounts.test.ts',
  'tests/http/erasure.test.ts',
  'tests/eval.test.ts',
  'tests/http/edge-limits.test.ts',
  'shared/backup/vectors.test.ts',
  'shared/db/postgres/contract.test.ts',
  'tests/http/requirements.test.ts',
  'tests/models-cli.test.ts',
  'tests/http/standing.test.ts',
  'tests/http/edge-streams.test.ts',
  'tests/http/openai.test.ts',
  'shared/db/sqlite/index.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const root = path.join(import.meta.dirname, '..')
    const rank = ({ moduleId }: TestSpecification) => {
      const at = longest.indexOf(path.relative(root, moduleId).replaceAll(path.sep, '/'))
      return at === -1 ? longest.length : at
    }
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other))
  }
}
