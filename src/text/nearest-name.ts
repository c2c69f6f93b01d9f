import leven from "leven";

/** The known name that a wrong one most likely means, for "did you mean"; undefined where none is close. */
export function nearestName(wrong: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((name) => ({ name, edits: leven(simplify(name), simplify(wrong)) }))
    .sort((one, other) => one.edits - other.edits);
  const [nearest] = ranked;
  return nearest && nearest.edits <= Math.floor(simplify(nearest.name).length / 4) ? nearest.name : undefined;
}

/** The name without case and punctuation: OfficialAccount and official_account are the same. */
function simplify(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}
