/** Models of servers: what the configuration says of them, and the adapters behind them. */
import type { CoreSettings } from '../shared/core.ts'
import { prefixesOf } from '../shared/models/gguf/prefixes.ts'
import type { Ports } from '../shared/ports.ts'
import { createServers } from '../shared/providers/servers.ts'
import { keyFileOf } from '../shared/secrets/keeping.ts'
import { createKeychain } from '../shared/secrets/keychain.ts'
import { createSecrets } from '../shared/secrets/secrets.ts'
import type { Config } from './config.ts'

export function openProviders(
  config: Pick<Config, 'dataDirectory' | 'database' | 'providers' | 'models'>,
): Pick<Ports, 'secrets' | 'servers'> & Pick<CoreSettings, 'providers' | 'served' | 'chatModel'> {
  const { dataDirectory, database, providers, models } = config
  const { configured, secretsKey, guard, concurrency, chatModel, embeddingModel } = providers
  const { maxTokens, temperature } = models
  return {
    // A key in the folder of one server would open nothing on another.
    secrets: createSecrets({
      ...(secretsKey !== undefined && { key: secretsKey }),
      ...(!database && { file: keyFileOf(dataDirectory), keychain: createKeychain() }),
    }),
    servers: createServers({ prefixesOf }),
    providers: configured,
    served: { guard, concurrency, maxTokens, temperature, ...(embeddingModel !== undefined && { embeddingModel }) },
    ...(chatModel !== undefined && { chatModel }),
  }
}
