//! The name in Latin letters that a body's label or reading suggests. A suggestion: how a body writes itself is for it to say.

use super::body::{BodyKind, RegisteredBody};
use super::derived::prefecture;

/// The name certificates could carry: `Mori Town` for `town.hokkaido-mori`, or for the reading モリマチ. A hyphen of a label stays
/// unless the name of the body's own prefecture stands before it. `None` for wards, approved bodies and providers, and for
/// unions without a label.
pub fn english_name(body: &RegisteredBody) -> Option<String> {
    let prefecture = prefecture(body)?;
    let title = match body.kind {
        BodyKind::Prefecture => {
            return Some(match prefecture {
                "tokyo" => "Tokyo Metropolis".to_owned(),
                "hokkaido" => "Hokkaido".to_owned(),
                other => format!("{} Prefecture", capitals(other)),
            });
        }
        BodyKind::DesignatedCity | BodyKind::City | BodyKind::SpecialWard => "City",
        BodyKind::Town => "Town",
        BodyKind::Village => "Village",
        BodyKind::PartialAffairsUnion | BodyKind::WideAreaUnion => "Union",
        BodyKind::Ward | BodyKind::ApprovedBody | BodyKind::Provider => return None,
    };
    let own = match &body.label {
        Some(label) => {
            let name = label.name();
            name.split_once('-').filter(|(before, _)| *before == prefecture).map_or(name, |(_, own)| own).to_owned()
        }
        None => body.spellings().into_iter().next()?,
    };
    Some(format!("{} {title}", capitals(&own)))
}

fn capitals(name: &str) -> String {
    let part = |part: &str| {
        let (first, rest) = part.split_at_checked(1).unwrap_or((part, ""));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(part).collect::<Vec<_>>().join("-")
}
