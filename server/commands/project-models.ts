import type { ModelPolicy } from '../../shared/model/index.ts'
import type { Context } from '../context.ts'
import { findProject, withLibrary } from '../library.ts'
import { usageError } from '../present.ts'
import { safe } from '../text.ts'

export interface ModelOptions {
  localOnly?: string
  providers?: string
  chatModel?: string
}

/** Which models may work on a project: says it, and changes what is given. */
export async function setProjectModels(context: Context, name: string, options: ModelOptions): Promise<void> {
  const { terminal, translate } = context
  const { localOnly, providers, chatModel } = options
  if (localOnly !== undefined && localOnly !== 'on' && localOnly !== 'off')
    throw usageError(translate('cli.projectModels.onOff'))
  const slugs = providers?.split(',').flatMap(slug => slug.trim() || [])
  const wanted: Partial<ModelPolicy> = {
    ...(localOnly !== undefined && { localOnly: localOnly === 'on' }),
    ...(slugs && { providers: providers?.trim() === 'all' ? null : slugs }),
    ...(chatModel !== undefined && { chatModel: chatModel.trim() === 'none' ? null : chatModel.trim() }),
  }
  await withLibrary(context, {}, async library => {
    const found = await findProject(library, name)
    const changes = Object.keys(wanted).length > 0
    const project = changes ? await library.core.projects.govern(await library.scopeOf(found, 'manage'), wanted) : found
    if (context.json) {
      const { id, localOnly, providers, chatModel } = project
      return terminal.json({ project: { id, name: project.name, localOnly, providers, chatModel } })
    }
    const said = (key: 'yes' | 'no' | 'all' | 'usual') => translate(`cli.projectModels.${key}`)
    const allowed = project.providers === null ? said('all') : project.providers.join(', ') || '–'
    terminal.out(translate('cli.projectModels.localOnly', { value: said(project.localOnly ? 'yes' : 'no') }))
    terminal.out(translate('cli.projectModels.providers', { value: safe(allowed) }))
    terminal.out(translate('cli.projectModels.chatModel', { value: safe(project.chatModel ?? said('usual')) }))
  })
}
