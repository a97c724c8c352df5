/**
 * What stands for an element now: itself, or, where the page was drawn anew in between (an answer under way becomes one that is kept), what
 * has its tag and its name. Without this the keyboard would begin at the top of the page again.
 */
export function sameAgain(element: HTMLElement, within: ParentNode = document): HTMLElement | undefined {
  if (element.isConnected) return element
  const named = ({ ariaLabel, textContent }: HTMLElement) => ariaLabel ?? textContent
  return [...within.querySelectorAll<HTMLElement>(element.tagName)].find(other => named(other) === named(element))
}
