/** How far something is, 0 to 1; its name is said aloud. */
export function Bar({ label, share, quiet = false }: { label: string; share: number; quiet?: boolean }) {
  const percent = Math.floor(100 * Math.max(0, Math.min(1, share)))
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      className="h-1.5 overflow-hidden rounded-full bg-line"
    >
      <div
        className={`h-full origin-left ${quiet ? 'bg-edge' : 'bg-accent'}`}
        style={{ transform: `scaleX(${percent / 100})` }}
      />
    </div>
  )
}
