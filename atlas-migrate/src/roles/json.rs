//! What the verbs give back, as JSON.

use super::{Probe, Proof, RolesPlan};
use crate::render::json::Json;

impl RolesPlan {
    /// The plan as JSON: `statements`, without passwords; `left`.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl Proof {
    /// The proof as JSON: `passed`, the number of `probes`; `failures`, each with `what`, `expected` and `found`.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl From<&RolesPlan> for Json {
    fn from(plan: &RolesPlan) -> Self {
        Self::object().with("statements", Self::list(plan.statements())).with("left", Self::list(plan.left()))
    }
}

impl From<&Proof> for Json {
    fn from(proof: &Proof) -> Self {
        Self::object()
            .with("passed", proof.passed())
            .with("probes", proof.probes().len())
            .with("failures", Self::list(proof.failures()))
    }
}

impl From<&Probe> for Json {
    fn from(probe: &Probe) -> Self {
        Self::object().with("what", probe.what()).with("expected", probe.expected()).with("found", probe.found())
    }
}
