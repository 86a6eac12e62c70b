//! In what order tables are loaded: each after those that it refers to.

use std::collections::HashSet;

/// A seed, as its order goes by.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The table; none of SQL, which stays where it is, between what comes before and after it.
    pub(super) table: Option<i64>,
    /// The tables that it refers to.
    pub(super) references: Vec<i64>,
}

/// Seeds that are loaded at once, by their numbers: one, or all those of tables that refer to each other in a circle.
pub(super) fn groups(nodes: &[Node]) -> Vec<Vec<usize>> {
    let mut groups = Vec::new();
    let mut run = Vec::new();
    for (number, node) in nodes.iter().enumerate() {
        if node.table.is_some() {
            run.push(number);
        } else {
            groups.extend(groups_of_tables(nodes, &std::mem::take(&mut run)));
            groups.push(vec![number]);
        }
    }
    groups.extend(groups_of_tables(nodes, &run));
    groups
}

fn groups_of_tables(nodes: &[Node], run: &[usize]) -> Vec<Vec<usize>> {
    let mut waiting = run.to_vec();
    let mut groups = Vec::new();
    while !waiting.is_empty() {
        // What can be reached has to come first; a circle can be reached from each of its tables.
        let reached: Vec<_> = waiting.iter().map(|number| reach(nodes, &waiting, *number)).collect();
        let circle = |index: usize| -> Vec<usize> {
            let table = nodes[waiting[index]].table;
            let others = (0..waiting.len()).filter(|other| {
                let other_table = nodes[waiting[*other]].table;
                other_table.is_some_and(|other_table| reached[index].contains(&other_table))
                    && table.is_some_and(|table| reached[*other].contains(&table))
                    && other_table != table
            });
            let others: Vec<_> = others.collect();
            let same = (0..waiting.len()).filter(|other| !others.is_empty() && nodes[waiting[*other]].table == table);
            let mut members: Vec<_> = same.chain(others.iter().copied()).chain([index]).collect();
            members.sort_unstable();
            members.dedup();
            members
        };
        let is_free = |members: &Vec<usize>| {
            let tables: HashSet<_> = members.iter().filter_map(|member| nodes[waiting[*member]].table).collect();
            members.iter().all(|member| {
                (0..waiting.len()).all(|other| {
                    let table = nodes[waiting[other]].table;
                    table.is_none_or(|table| tables.contains(&table) || !reached[*member].contains(&table))
                })
            })
        };
        // There is always one: what is not in a circle, or the circle, that nothing else is before.
        let next = (0..waiting.len()).map(circle).find(is_free).unwrap_or_else(|| (0..waiting.len()).collect());
        groups.push(next.iter().map(|index| waiting[*index]).collect());
        waiting =
            waiting.iter().enumerate().filter(|(index, _)| !next.contains(index)).map(|(_, node)| *node).collect();
    }
    groups
}

/// The tables that one refers to, directly or through others that wait as well.
fn reach(nodes: &[Node], waiting: &[usize], number: usize) -> HashSet<i64> {
    let mut reached = HashSet::new();
    let mut open = nodes[number].references.clone();
    while let Some(table) = open.pop() {
        if reached.insert(table) {
            let of_table = waiting.iter().map(|number| &nodes[*number]).find(|node| node.table == Some(table));
            open.extend(of_table.into_iter().flat_map(|node| &node.references));
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(table: char, references: &str) -> Node {
        Node {
            table: (table != '-').then_some(i64::from(u32::from(table))),
            references: references.chars().map(|c| i64::from(u32::from(c))).collect(),
        }
    }

    /// Seeds as words of a table and what it refers to: `ab` is one of `a`, which refers to `b`; `-` is SQL.
    #[track_caller]
    fn check(seeds: &str, groups: &str) {
        let words: Vec<_> = seeds.split(' ').collect();
        let nodes: Vec<_> = words.iter().map(|word| node(word.chars().next().unwrap(), &word[1..])).collect();
        let found: Vec<_> = super::groups(&nodes)
            .iter()
            .map(|group| group.iter().map(|number| words[*number]).collect::<Vec<_>>().join("+"))
            .collect();
        assert_eq!(found.join(" "), groups, "{seeds}");
    }

    #[test]
    fn order() {
        check("a b c", "a b c");
        check("ab b", "b ab");
        check("abc bc c", "c bc abc");
        check("d cb ba a", "d a ba cb");
        // What is referred to and not loaded is there already.
        check("ax b", "ax b");
        // Rows that refer to others of their table.
        check("aa ba", "aa ba");
        check("aa aa", "aa aa");
    }

    #[test]
    fn circles() {
        check("ab ba", "ab+ba");
        check("ab bc ca", "ab+bc+ca");
        check("dc ab ba c", "ab+ba c dc");
        check("ab ba ab", "ab+ba+ab");
        check("xa ab ba y", "ab+ba xa y");
        check("abz ba z", "z abz+ba");
        check("ab ba cd dc", "ab+ba cd+dc");
        check("bac acb cd dc", "cd+dc bac+acb");
    }

    #[test]
    fn sql_stays_where_it_is() {
        check("ab - b", "ab - b");
        check("- ab b -", "- b ab -");
    }

    proptest! {
        #[test]
        fn everything_is_loaded_once_and_after_what_it_refers_to(
            seeds in prop::collection::vec((0i64..6, prop::collection::vec(0i64..6, 0..3)), 0..9),
        ) {
            let nodes: Vec<_> = seeds
                .iter()
                .map(|(table, references)| Node { table: (*table > 0).then_some(*table), references: references.clone() })
                .collect();
            // The references of a table are the same in all of its seeds.
            let nodes: Vec<_> = nodes.iter().map(|node| match node.table {
                None => node.clone(),
                Some(_) => nodes.iter().find(|other| other.table == node.table).cloned().unwrap(),
            }).collect();
            let groups = groups(&nodes);
            let mut all: Vec<_> = groups.iter().flatten().copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..nodes.len()).collect::<Vec<_>>());
            let segment = |number: usize| nodes[..number].iter().filter(|node| node.table.is_none()).count();
            for (place, group) in groups.iter().enumerate() {
                for later in groups[place + 1..].iter().flatten() {
                    for earlier in group {
                        prop_assert!(segment(*earlier) <= segment(*later) );
                        let table = nodes[*later].table;
                        let refers = table.is_some_and(|table| nodes[*earlier].references.contains(&table));
                        let same_segment = segment(*earlier) == segment(*later);
                        prop_assert!(!refers || !same_segment || nodes[*earlier].table == table, "{:?}", groups);
                    }
                }
            }
        }
    }
}
