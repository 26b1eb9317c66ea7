//! How a certificate or a request is called on pages: a server by its name, a mailbox by its address, a post or a person by the
//! name in Japanese without what is the same for all, a program by the subject's common name.

/// Returns the names for people, out of a row's alternative names and its subject as text; never empty when there is a subject.
pub fn names(alternative: &[String], subject: &str) -> Vec<String> {
    if alternative.is_empty() {
        let common = parts(subject).into_iter().rev().find(|(kind, _)| *kind == "CN");
        return vec![common.map_or_else(|| subject.to_owned(), |(_, value)| value.to_owned())];
    }
    alternative.iter().map(|name| if is_directory(name) { of_directory(name) } else { name.clone() }).collect()
}

/// Whether a line of a row's names is a directory name: neither servers nor mail addresses begin like that.
pub fn is_directory(name: &str) -> bool {
    name.starts_with("C=")
}

/// 白樺町 総務課 町長: departments and common name, in order.
fn of_directory(name: &str) -> String {
    let kept = parts(name).into_iter().filter(|(kind, _)| matches!(*kind, "OU" | "CN"));
    kept.map(|(_, value)| value).collect::<Vec<_>>().join(" ")
}

/// Attributes and values. Values of names made here have no commas and no backslashes: `CertificateText` refuses them.
fn parts(name: &str) -> Vec<(&str, &str)> {
    name.split(", ").filter_map(|part| part.split_once('=')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_called_as_people_call_it() {
        let named = |alternative: &[&str], subject: &str| {
            names(&alternative.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), subject)
        };
        assert_eq!(
            named(&["C=JP, O=地方公共団体, OU=白樺町, OU=総務課, CN=課長"], "C=JP, CN=Manager"),
            ["白樺町 総務課 課長"]
        );
        assert_eq!(named(&["www.a.lg.jp", "b.a.lg.jp"], "C=JP"), ["www.a.lg.jp", "b.a.lg.jp"]);
        assert_eq!(named(&["a@b.lg.jp"], "C=JP, CN=Mailbox"), ["a@b.lg.jp"]);
        assert_eq!(named(&[], "C=JP, ST=Hokkaido, O=Shirakaba Town, CN=Shirakaba Town"), ["Shirakaba Town"]);
    }
}
