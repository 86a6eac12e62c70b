//! What `prove` found.

use std::fmt;

use atlas_migrate_core::fault::shown;

/// What was looked at and tried.
///
/// `Display` shows how many passed, and a line for each that did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    probes: Vec<Probe>,
}

/// One thing that was looked at or tried.
///
/// `Display` shows it in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) found: String,
}

impl Proof {
    pub(super) fn new(probes: Vec<Probe>) -> Self {
        Self { probes }
    }

    /// All that was looked at and tried.
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// What is not as declared.
    pub fn failures(&self) -> impl Iterator<Item = &Probe> {
        self.probes.iter().filter(|probe| !probe.passed())
    }

    /// Whether all is as declared.
    pub fn passed(&self) -> bool {
        self.probes.iter().all(Probe::passed)
    }
}

impl Probe {
    /// What was looked at or tried: `app: DELETE FROM a new table`.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What should be so.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// What is so.
    pub fn found(&self) -> &str {
        &self.found
    }

    /// Whether it is as it should be.
    pub fn passed(&self) -> bool {
        self.expected == self.found
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [what, expected, found] = [&self.what, &self.expected, &self.found].map(|text| shown(text));
        if self.passed() {
            write!(f, "pass {what}: {found}")
        } else {
            write!(f, "FAIL {what}: {found}, expected {expected}")
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.probes.len();
        write!(f, "{} of {all} passed", all - self.failures().count())?;
        self.failures().try_for_each(|probe| write!(f, "\n{probe}"))
    }
}
