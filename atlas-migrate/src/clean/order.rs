//! In what order rows are removed: those of a table before those that they refer to.

/// Groups of tables, by their numbers: one, or all those that refer to each other in a circle. Each comes after all that
/// refer to it. The tables that one refers to are given by its number.
///
/// This is Tarjan's algorithm, without recursion, since chains of references may be long.
pub(super) fn groups(references: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut search = Search { visits: vec![None; references.len()], visited: 0, stack: Vec::new(), groups: Vec::new() };
    for table in 0..references.len() {
        if search.visits[table].is_none() {
            search.visit(table, references);
        }
    }
    // What is referred to is found first.
    search.groups.reverse();
    search.groups
}

struct Search {
    visits: Vec<Option<Visit>>,
    visited: usize,
    stack: Vec<usize>,
    groups: Vec<Vec<usize>>,
}

#[derive(Clone, Copy)]
struct Visit {
    number: usize,
    /// The lowest number that can be reached on the stack.
    lowest: usize,
    on_stack: bool,
}

impl Search {
    fn visit(&mut self, first: usize, references: &[Vec<usize>]) {
        let mut path = vec![(first, 0)];
        while let Some((table, next)) = path.pop() {
            if next == 0 {
                self.visits[table] = Some(Visit { number: self.visited, lowest: self.visited, on_stack: true });
                self.visited += 1;
                self.stack.push(table);
            }
            if next > 0 {
                self.lower(table, references[table][next - 1]);
            }
            let unvisited = |target: &usize| self.visits[*target].is_none();
            match references[table][next..].iter().position(unvisited) {
                Some(skipped) => {
                    let target = next + skipped;
                    references[table][next..target].iter().for_each(|other| self.lower(table, *other));
                    path.push((table, target + 1));
                    path.push((references[table][target], 0));
                }
                None => {
                    references[table][next..].iter().for_each(|other| self.lower(table, *other));
                    self.close(table);
                }
            }
        }
    }

    /// The table can reach what the other one can, if that is on the stack.
    fn lower(&mut self, table: usize, other: usize) {
        if let (Some(reached), Some(visit)) = (self.visits[other], &mut self.visits[table])
            && reached.on_stack
        {
            visit.lowest = visit.lowest.min(reached.lowest);
        }
    }

    /// Takes a group off the stack, if the table is the first of one.
    fn close(&mut self, table: usize) {
        if self.visits[table].is_none_or(|visit| visit.lowest != visit.number) {
            return;
        }
        let start = self.stack.iter().rposition(|other| *other == table).unwrap_or(0);
        let mut group = self.stack.split_off(start);
        for member in &group {
            if let Some(visit) = &mut self.visits[*member] {
                visit.on_stack = false;
            }
        }
        group.sort_unstable();
        self.groups.push(group);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tables as words: `ab` is `a`, which refers to `b`.
    #[track_caller]
    fn check(tables: &str, expected: &str) {
        let words: Vec<_> = tables.split(' ').collect();
        let find = |letter: char| words.iter().position(|word| word.starts_with(letter)).unwrap();
        let references: Vec<_> = words.iter().map(|word| word.chars().skip(1).map(find).collect()).collect();
        let name = |group: &Vec<usize>| group.iter().map(|table| &words[*table][..1]).collect::<String>();
        let found: Vec<_> = groups(&references).iter().map(name).collect();
        assert_eq!(found.join(" "), expected, "{tables}");
    }

    #[test]
    fn order() {
        check("ab b", "a b");
        check("a ba cb", "c b a");
        check("abc bc c", "a b c");
        check("aa", "a");
    }

    #[test]
    fn circles() {
        check("ab ba", "ab");
        check("ab bc ca", "abc");
        check("ab ba c da", "d c ab");
        check("ab bac c", "ab c");
        check("ab ba cda dc", "cd ab");
        check("ab bc cbd d", "a bc d");
    }

    /// Whether one table can be reached from another, by one reference or more.
    fn reaches(references: &[Vec<usize>], from: usize, to: usize) -> bool {
        let mut seen = vec![false; references.len()];
        let mut open = references[from].clone();
        while let Some(table) = open.pop() {
            if !std::mem::replace(&mut seen[table], true) {
                open.extend(&references[table]);
            }
        }
        seen[to]
    }

    proptest! {
        #[test]
        fn each_table_is_there_once_with_its_circle_and_before_what_it_refers_to(
            references in (1usize..9).prop_flat_map(|n| prop::collection::vec(prop::collection::vec(0..n, 0..4), n)),
        ) {
            let groups = groups(&references);
            let mut all: Vec<_> = groups.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..references.len()).collect::<Vec<_>>());
            let place = |table: usize| groups.iter().position(|group| group.contains(&table)).unwrap();
            for (from, to) in (0..references.len()).flat_map(|from| (0..references.len()).map(move |to| (from, to))) {
                let forth = reaches(&references, from, to);
                let circle = from == to || forth && reaches(&references, to, from);
                prop_assert_eq!(circle, place(from) == place(to));
                prop_assert!(!forth || place(from) <= place(to));
            }
        }
    }
}
