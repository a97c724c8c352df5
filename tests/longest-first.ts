/**
 * In which order test files start: those that take longest before all others, of whichever project, so that the end of a run does not wait for one
 * of them. Vitest by itself knows how long each took only where it has run before, and runs one project after the other.
 */
import path from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** More than 15 s in a run of all on two cores, the longest first. */
const longest = [
  'tests/backup.test.ts',
  'tests/browser/journey.test.ts',
  'tests/desktop/move.test.ts',
  'tests/browser/models.test.ts',
  'tests/folders.test.ts',
  'tests/replicas.test.ts',
  'tests/cli.test.ts',
  'tests/desktop/packaged.test.ts',
  'tests/browser/accounts.test.ts',
  'tests/desktop/window.test.ts',
  'tests/core.test.ts',
  'tests/desktop/server-process.test.ts',
  'shared/answer/answers.test.ts',
  'tests/desktop/life.test.ts',
  'tests/desktop/safe-mode.test.ts',
  'tests/providers.test.ts',
  'tests/desktop/without-network.test.ts',
  'tests/desktop/install.test.ts',
  'bench/kill.test.ts',
  'tests/vectors.test.ts',
  'tests/browser/screen.test.ts',
  'tests/passwords.test.ts',
  'shared/folders/losses.test.ts',
  'tests/asleep.test.ts',
  'tests/desktop/handed.test.ts',
  'shared/models/supervise.test.ts',
  'tests/browser/accounts-doubt.test.ts',
  'shared/parsers/parsers.test.ts',
  'tests/browser/folders.test.ts',
  'tests/http/lock.test.ts',
  'tests/browser/formats.test.ts',
  'tests/desktop/hold.test.ts',
  'tests/desktop/safe-question.test.ts',
  'tests/downloads-cli.test.ts',
  'tests/http/no-network.test.ts',
  'tests/faults.test.ts',
  'shared/store/vectors.test.ts',
  'tests/http/edge-limits.test.ts',
  'shared/backup/backup.test.ts',
  'shared/parsers/pdf/real.test.ts',
  'tests/http/serve.test.ts',
  'tests/browser/forms.test.ts',
  'tests/http/streams.test.ts',
  'tests/browser/windows.test.ts',
  'shared/models/download.test.ts',
  'shared/folders/folders.test.ts',
  'tests/http/edge-streams.test.ts',
  'tests/http/commands.test.ts',
  'tests/mcp.test.ts',
  'tests/corpus.test.ts',
  'tests/forms.test.ts',
  'tests/engines.test.ts',
  'tests/jobs.test.ts',
  'tests/export-cli.test.ts',
  'tests/cli-accounts.test.ts',
  'shared/blobs/s3-faults.test.ts',
  'shared/ingest/embed.test.ts',
  'tests/mail.test.ts',
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
