//! A pack on trial: one certificate of each profile and kind of key is prepared, unsigned, through all lint rules. What a pack
//! says may be free of contradictions and still break a requirement it holds itself to; better found when the pack is read than
//! when the first officer's request has been approved.
//!
//! The keys are public halves made for this; nobody kept the private ones.

use super::{order, unsigned};
use crate::installation::Repository;
use ca_core::der::Writer;
use ca_core::id::KeyLabel;
use ca_core::issue::{Authority, Order, prepare};
use ca_core::key::{KeyAlgorithm, SubjectKey};
use ca_core::profile::{AuthorityRule, Family, Pack, PackError, PackErrors, Profile};
use ca_core::testing::CountingEntropy;
use url::Url;

macro_rules! public_halves {
    ($($word:literal),+) => {
        [$(($word, include_bytes!(concat!("../../../data/trial/", $word, "-a.der")).as_slice(),
            include_bytes!(concat!("../../../data/trial/", $word, "-b.der")).as_slice())),+]
    };
}

/// For each kind of key one for the authority and one for the holder, SubjectPublicKeyInfo in DER.
const KEYS: [(&str, &[u8], &[u8]); 5] = public_halves!("p256", "p384", "rsa2048", "rsa3072", "rsa4096");

/// The pack, if everything it says can be issued. Errors: each profile that cannot, at the line of its heading in `text`.
pub fn passed(pack: Pack, text: &str, file: &str) -> Result<Pack, PackErrors> {
    let mut errors = Vec::new();
    for profile in pack.profiles() {
        let heading = format!("[profile.{}]", profile.id);
        let line = text.lines().position(|line| line.trim() == heading).map_or(1, |at| at.saturating_add(1));
        let mut said: Vec<String> = profile.keys.iter().filter_map(|key| tried(&pack, profile, *key).err()).collect();
        said.sort();
        said.dedup();
        let reasons = said.into_iter().map(|reason| format!("{} cannot be issued: {reason}", profile.id));
        errors.extend(reasons.map(|reason| PackError { file: file.to_owned(), line, reason }));
    }
    if errors.is_empty() { Ok(pack) } else { Err(PackErrors(errors)) }
}

fn tried(pack: &Pack, profile: &Profile, key: KeyAlgorithm) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let rule = profile.issuers.first().and_then(|id| pack.authority(id)).ok_or("nobody issues it")?;
    let (entropy, now) = (CountingEntropy::seeded(1), pack.effective_from);
    let holder = public(key, Whose::Holder)?;
    let (authority, order) = if profile.family == Family::Root {
        let label = KeyLabel::parse(rule.id.as_str()).map_err(|error| said(&error))?;
        let founder = Authority::founding(rule.id.clone(), rule.subject.clone(), holder.clone(), label)
            .signing_with(rule.signature_algorithm(key))
            .map_err(|error| said(&error))?;
        (founder, Order::ceremony(profile, rule.subject.clone(), holder).called(rule.alternative.clone()))
    } else {
        let authority = stand_in(pack, rule)?;
        let order = order::sample(profile, (rule, &authority), holder, now).map_err(|error| said(&error))?;
        (authority, order)
    };
    prepare(pack, &authority, order, &entropy, now).map(drop).map_err(|error| said(&error))
}

fn stand_in(pack: &Pack, rule: &AuthorityRule) -> Result<Authority, String> {
    let url = |text: &str| Url::parse(text).map_err(|error| error.to_string());
    let repository = Repository {
        url: url("http://repository.lgpki.example")?,
        lgwan_url: Some(url("http://repository.lgwan.example")?),
    };
    let key = rule.keys.first().ok_or("its issuer has no key")?;
    let (entropy, now) = (CountingEntropy::seeded(2), pack.effective_from);
    unsigned::authority(pack, rule, &public(*key, Whose::Authority)?, &repository, (&entropy, now))
}

#[derive(Clone, Copy)]
enum Whose {
    Authority,
    Holder,
}

fn public(kind: KeyAlgorithm, whose: Whose) -> Result<SubjectKey, String> {
    if kind.is_ml_dsa() {
        return ml_dsa(kind, whose);
    }
    let word = kind.to_string();
    let (_, authority, holder) = KEYS.iter().find(|(known, ..)| *known == word).ok_or("a kind of key nobody makes")?;
    let der = match whose {
        Whose::Authority => authority,
        Whose::Holder => holder,
    };
    SubjectKey::from_spki_der(der).map_err(|error| error.to_string())
}

/// Any octets of the right length are an ML-DSA public key; nothing is verified with it.
fn ml_dsa(kind: KeyAlgorithm, whose: Whose) -> Result<SubjectKey, String> {
    let fill = match whose {
        Whose::Authority => 1u8,
        Whose::Holder => 2,
    };
    let spki = Writer::build(|w| {
        w.sequence(|w| {
            w.bit_string(&vec![fill; usize::from(kind.bits() / 8)]);
            kind.signature_algorithm().write(w);
        });
    });
    SubjectKey::from_spki_der(&spki).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ca_core::profile::pack::SHIPPED;

    fn tried(old: &str, new: &str) -> Result<Pack, PackErrors> {
        let text = SHIPPED[0].1.replacen(old, new, 1);
        assert_ne!(text, SHIPPED[0].1, "{old}");
        passed(Pack::parse(&text, "p.toml").unwrap(), &text, "p.toml")
    }

    #[test]
    fn the_shipped_packs_pass() {
        for (name, text) in SHIPPED {
            assert!(passed(Pack::parse(text, name).unwrap(), text, name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_pack_that_breaks_what_it_holds_itself_to_is_refused_at_the_profile() {
        let errors = tried("validity = { days = 397 }", "validity = { days = 500 }").unwrap_err();
        assert!(errors.to_string().contains("web-server cannot be issued: cabf.tls.validity"), "{errors}");
        assert!(errors.0[0].line > 100 && errors.to_string().starts_with("p.toml:"), "{errors}");
        let errors = tried("\"ST={prefecture-en}\", ", "").unwrap_err();
        assert!(errors.to_string().contains("cabf.code-signing.place"), "{errors}");
    }
}
