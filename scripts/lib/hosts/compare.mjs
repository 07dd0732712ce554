// The same seed must give the same streams everywhere: the hash lists of all hosts and builds against each other.

/**
 * Compares the hashes of every law over all hosts and builds.
 * @param {Map<string, object[]>} reports results by host
 * @returns {{ lists: number, hashes: number, differences: string[] }} lists compared, hashes equal in them, and what differs
 */
export function compareHosts(reports) {
  const laws = new Map();
  for (const [host, results] of reports) {
    for (const { build, name, hashes, error } of results) {
      if (error || hashes.length === 0) continue;
      if (!laws.has(name)) laws.set(name, []);
      laws.get(name).push({ who: `${host}, ${build}`, hashes });
    }
  }
  const differences = [];
  let [lists, compared] = [0, 0];
  for (const [name, found] of laws) {
    // The longest list knows most; every other one must be its beginning.
    const longest = found.reduce((a, b) => (b.hashes.length > a.hashes.length ? b : a));
    for (const { who, hashes } of found) {
      lists++;
      const at = hashes.findIndex((hash, i) => hash !== longest.hashes[i]);
      if (at < 0) compared += hashes.length;
      else differences.push(`${name}: ${who} and ${longest.who} part at hash ${at + 1}`);
    }
  }
  return { lists, hashes: compared, differences };
}
