import leven from "leven";

/** The known name that a wrong one most likely means, for "did you mean"; undefined where none is near. */
export function nearestName(wrong: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((name) => ({ name, slips: leven(simplify(name), simplify(wrong)) }))
    .sort((one, other) => one.slips - other.slips);
  const [nearest] = ranked;
  return nearest && nearest.slips <= Math.floor(simplify(nearest.name).length / 4) ? nearest.name : undefined;
}

/** Spelling apart from case and punctuation: OfficialAccount and official_account are one. */
function simplify(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}
