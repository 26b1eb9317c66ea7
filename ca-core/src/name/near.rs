//! Spelling slips in domains: what was probably meant. Suggestions are shown to a person, never taken by themselves.

/// The longest distance at which another spelling is suggested.
pub const SUGGESTION_DISTANCE: usize = 2;

/// Returns `name` with its end replaced by the nearest of `domains`, if the two are one or two slips apart; the first of
/// equally near ones. `None` when none is near, or when `name` lies within one of them and so needs no correction.
pub fn near_miss<'a>(name: &str, domains: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let labels: Vec<&str> = name.split('.').collect();
    let mut best: Option<(usize, String)> = None;
    for domain in domains {
        let wanted = domain.split('.').count();
        // A slip may add or drop a dot, so one label more or less is tried too.
        for count in [wanted, wanted.saturating_sub(1), wanted.saturating_add(1)] {
            let Some(split) = labels.len().checked_sub(count) else { continue };
            let (host, tail) = labels.split_at(split);
            let distance = edit_distance(&tail.join("."), domain);
            if distance == 0 {
                return None;
            }
            if distance <= SUGGESTION_DISTANCE && best.as_ref().is_none_or(|(least, _)| distance < *least) {
                let host = host.iter().flat_map(|label| [*label, "."]).collect::<String>();
                best = Some((distance, format!("{host}{domain}")));
            }
        }
    }
    best.map(|(_, name)| name)
}

/// Returns how many single-character insertions, deletions and replacements turn one text into the other (Levenshtein).
pub fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, from) in a.chars().enumerate() {
        let mut next = vec![line.saturating_add(1)];
        for (column, to) in b.iter().enumerate() {
            let [above_left, above] =
                row.get(column..column.saturating_add(2)).and_then(|pair| pair.try_into().ok()).unwrap_or([0, 0]);
            let left = next.last().copied().unwrap_or_default();
            let replaced = above_left.saturating_add(usize::from(from != *to));
            next.push(replaced.min(above.saturating_add(1)).min(left.saturating_add(1)));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_distance_counts_slips() {
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("shirakba", "shirakaba"), 1);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("same", "same"), 0);
    }

    #[test]
    fn the_nearest_domain_replaces_the_end_of_a_name() {
        let near = |name: &str| near_miss(name, ["town.shirakaba.lg.jp", "town.shirakawa.lg.jp"]);
        assert_eq!(near("www.town.shirakba.lg.jp").as_deref(), Some("www.town.shirakaba.lg.jp"));
        assert_eq!(near("www.townshirakaba.lg.jp").as_deref(), Some("www.town.shirakaba.lg.jp"));
        assert_eq!(near("www.town.shirakawa.lg.jp"), None, "it is right as it is");
        assert_eq!(near("www.example.jp"), None);
    }
}
