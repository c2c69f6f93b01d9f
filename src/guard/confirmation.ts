/** When a person must confirm an edit: TENCENT_CHAT_CONFIRM_EDITS. */

/** never, always, or the number of subscribers from which on to ask. */
export type ConfirmEdits = "never" | "always" | number;

/**
 * True if a person must confirm an edit.
 * @param audience how many people the edit reaches; undefined, and a number that cannot be one, count as many
 */
export function mustConfirm(rule: ConfirmEdits, audience: number | undefined): boolean {
  if (rule === "never") return false;
  return rule === "always" || audience === undefined || audience < 0 || audience >= rule;
}
