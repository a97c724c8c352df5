import { Ellipsis } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'
import { IconButton } from './button.tsx'

export interface MenuItem {
  label: string
  run(): void
  danger?: boolean
}

// Higher than the window it scrolls, but for what can be done, which stays in sight.
const content =
  'z-50 flex max-h-(--radix-dropdown-menu-content-available-height) min-w-48 max-w-[min(24rem,calc(100vw-2rem))] flex-col rounded-xl border border-line bg-surface p-1.5 text-sm wrap-anywhere shadow-lift'
const item =
  'flex min-h-9 shrink-0 cursor-pointer items-center gap-2 rounded-lg px-3 py-1.5 outline-none data-[highlighted]:bg-sunken'

/** Three dots with what can be done. */
export function Menu({ label, items, className }: { label: string; items: readonly MenuItem[]; className?: string }) {
  return (
    <MenuOf
      items={items}
      trigger={
        <IconButton label={label} {...(className && { className })}>
          <Ellipsis aria-hidden />
        </IconButton>
      }
    />
  )
}

/** Any button with a menu: groups are parted by a line. */
export function MenuOf({
  trigger,
  items,
  choices,
}: {
  trigger: ReactNode
  items: readonly MenuItem[]
  choices?: {
    label: string
    value: string
    options: readonly { value: string; label: string; hint?: string; disabled?: boolean }[]
    choose(value: string): void
  }
}) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="start" collisionPadding={8} sideOffset={4} className={content}>
          {choices && (
            <>
              <DropdownMenu.Label className="px-3 py-1.5 text-xs text-soft">{choices.label}</DropdownMenu.Label>
              <DropdownMenu.RadioGroup
                value={choices.value}
                onValueChange={choices.choose}
                className="min-h-0 overflow-y-auto"
              >
                {choices.options.map(({ value, label, hint, disabled = false }) => (
                  <DropdownMenu.RadioItem
                    key={value}
                    value={value}
                    disabled={disabled}
                    className={`${item} data-disabled:cursor-default data-disabled:text-soft data-[state=checked]:font-semibold data-[state=checked]:text-accent`}
                  >
                    <span className="min-w-0">
                      {label}
                      {hint && <span className="block text-xs font-normal text-soft">{hint}</span>}
                    </span>
                  </DropdownMenu.RadioItem>
                ))}
              </DropdownMenu.RadioGroup>
              {items.length > 0 && <DropdownMenu.Separator className="my-1.5 h-px shrink-0 bg-line" />}
            </>
          )}
          {items.map(({ label, run, danger }) => (
            <DropdownMenu.Item key={label} onSelect={run} className={`${item} ${danger ? 'text-danger' : ''}`}>
              {label}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
