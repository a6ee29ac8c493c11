/** A part of the report; text and captions are HTML. */
export interface Section {
  readonly title: string
  readonly text: string
  /** A list below the text. */
  readonly items?: readonly string[]
  readonly figures: readonly string[]
}

/** A figure with what it shows written below. */
export function captioned(caption: string, content: string): string {
  return `<figure class="captioned">${content}<figcaption>${caption}</figcaption></figure>`
}

/** Text as it is, wherever it came from. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
