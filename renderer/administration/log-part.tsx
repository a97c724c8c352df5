import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useApp } from '../app-context.ts'
import { Section } from '../parts/section.tsx'
import { useWords } from '../words.tsx'
import { administrationReads } from './administration-reads.ts'
import { AuditList } from './audit-list.tsx'

export function LogPart() {
  const words = useWords()
  const { client } = useApp()
  const { data: users } = useQuery(administrationReads.users(client))
  const names = useMemo(() => new Map(users?.map(({ id, name }) => [id, name])), [users])
  return (
    <Section title={words('administration.log')} lead={words('administration.logLead')}>
      <AuditList
        label={words('administration.log')}
        name="all"
        names={names}
        read={(after, signal) => client.administration.audit({ limit: 50, ...(after && { after }) }, { signal })}
      />
    </Section>
  )
}
