//! Certificate policies and what CAs demand of each other about them (RFC 5280 §4.2.1.4, §4.2.1.5, §4.2.1.10, §4.2.1.11,
//! §4.2.1.14). Values come from a pack; this writes them.

use crate::der::{Writer, tag};
use crate::id::PolicyId;
use crate::name::GeneralName;
use crate::oid::{self, ObjectId};

/// A certificate policy with its qualifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyTerm {
    /// Its name in the pack: `job-role`.
    pub id: PolicyId,
    /// Its object identifier.
    pub oid: ObjectId,
    /// Where the certification practice statement is (id-qt-cps).
    pub cps: Option<String>,
    /// What a reader is told (id-qt-unotice, explicitText in UTF8String), at most 200 characters.
    pub notice: Option<String>,
}

/// Which policies a profile asserts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// In order.
    pub terms: Vec<PolicyTerm>,
    /// Whether a reader that does not understand policies must refuse.
    pub critical: bool,
}

/// That a policy of the other CA is as good as one of ours (RFC 5280 §4.2.1.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyMapping {
    /// Ours: issuerDomainPolicy.
    pub issuer: ObjectId,
    /// Theirs: subjectDomainPolicy.
    pub subject: ObjectId,
}

/// policyConstraints (RFC 5280 §4.2.1.11): after how many more certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyConstraints {
    /// requireExplicitPolicy.
    pub require_explicit: Option<u8>,
    /// inhibitPolicyMapping.
    pub inhibit_mapping: Option<u8>,
}

/// nameConstraints (RFC 5280 §4.2.1.10): subtrees names must, or must not, be in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameConstraints {
    /// permittedSubtrees.
    pub permitted: Vec<GeneralName>,
    /// excludedSubtrees.
    pub excluded: Vec<GeneralName>,
}

/// What a CA certificate for another domain limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraints {
    /// policyMappings.
    pub mappings: Vec<PolicyMapping>,
    /// policyConstraints; empty for none.
    pub policy: PolicyConstraints,
    /// nameConstraints; empty for none.
    pub names: NameConstraints,
    /// inhibitAnyPolicy (RFC 5280 §4.2.1.14).
    pub inhibit_any: Option<u8>,
}

impl PolicyTerm {
    /// Writes a PolicyInformation.
    pub(crate) fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            if self.cps.is_some() || self.notice.is_some() {
                w.sequence(|w| {
                    if let Some(notice) = &self.notice {
                        qualifier(w, oid::QT_NOTICE, |w| {
                            w.sequence(|w| w.primitive(tag::UTF8_STRING, notice.as_bytes()));
                        });
                    }
                    if let Some(cps) = &self.cps {
                        qualifier(w, oid::QT_CPS, |w| w.primitive(tag::IA5_STRING, cps.as_bytes()));
                    }
                });
            }
            w.primitive(tag::OID, self.oid.as_bytes());
        });
    }
}

fn qualifier(w: &mut Writer, id: oid::Oid, value: impl FnOnce(&mut Writer)) {
    w.sequence(|w| {
        value(w);
        w.oid(id);
    });
}

impl PolicyConstraints {
    /// Whether it limits nothing; such an extension must not be written.
    pub const fn is_empty(&self) -> bool {
        self.require_explicit.is_none() && self.inhibit_mapping.is_none()
    }

    /// Writes the extension's value.
    pub(crate) fn write(self, w: &mut Writer) {
        w.sequence(|w| {
            if let Some(skip) = self.inhibit_mapping {
                w.primitive(tag::context(1), &[skip]);
            }
            if let Some(skip) = self.require_explicit {
                w.primitive(tag::context(0), &[skip]);
            }
        });
    }
}

impl NameConstraints {
    /// Whether it limits nothing; such an extension must not be written.
    pub const fn is_empty(&self) -> bool {
        self.permitted.is_empty() && self.excluded.is_empty()
    }

    /// Writes the extension's value. minimum is 0 (the default, so absent) and maximum absent, as RFC 5280 demands.
    pub(crate) fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            for (number, subtrees) in [(1, &self.excluded), (0, &self.permitted)] {
                if !subtrees.is_empty() {
                    w.constructed(tag::context_constructed(number), |w| {
                        subtrees.iter().rev().for_each(|base| w.sequence(|w| base.write(w)));
                    });
                }
            }
        });
    }
}

impl PolicyMapping {
    /// Writes one mapping.
    pub(crate) fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            w.primitive(tag::OID, self.subject.as_bytes());
            w.primitive(tag::OID, self.issuer.as_bytes());
        });
    }
}
