import { createContext, useContext } from 'react'
import type { Account, SignInOptions } from '../../shared/api/account.ts'
import type { Client } from '../../shared/api/client.ts'
import type { Preferences } from '../preferences.ts'
import type { Arrival } from './arrival.ts'
import type { Place } from './flow.ts'

/** What stands before the door of a server with accounts. */
export interface Visitor {
  options: SignInOptions
  arrival: Arrival | null
  /** Why GitHub sent the browser back. */
  refusal: string | null
  /** Whose session ended here; what they were writing is kept for them. */
  before: Account | null
}

export interface Door extends Visitor {
  client: Client
  preferences: Preferences
  /** The session is there: goes inside. */
  enter(): Promise<void>
  /** Typed once, and taken along from step to step. */
  email: string
  setEmail(email: string): void
  go(place: Place): void
}

export const DoorContext = createContext<Door | null>(null)

export function useDoor(): Door {
  const door = useContext(DoorContext)
  if (!door) throw new Error('no door around this component')
  return door
}
