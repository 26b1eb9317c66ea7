//! The stylesheet, the script and the icon: embedded, served under names that contain their hash, so that they may be kept for ever.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::{Path, State as Extract};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use ca_core::digest::{hex, sha256};
use rust_embed::RustEmbed;

use crate::error::Refusal;
use crate::state::State;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// One file under its hashed name.
struct Asset {
    name: String,
    content_type: &'static str,
    content: Cow<'static, [u8]>,
}

/// The files.
pub(crate) struct Assets {
    stylesheet: Asset,
    script: Asset,
    icon: Asset,
}

impl Assets {
    /// Hashes the embedded files.
    pub(crate) fn load() -> Self {
        Self {
            stylesheet: Asset::load("app", "css", "text/css; charset=utf-8"),
            script: Asset::load("app", "js", "text/javascript; charset=utf-8"),
            icon: Asset::load("icon", "svg", "image/svg+xml"),
        }
    }

    /// The address of the stylesheet.
    pub(crate) fn stylesheet(&self) -> String {
        format!("/assets/{}", self.stylesheet.name)
    }

    /// The address of the icon.
    pub(crate) fn icon(&self) -> String {
        format!("/assets/{}", self.icon.name)
    }

    /// The address of the script.
    pub(crate) fn script(&self) -> String {
        format!("/assets/{}", self.script.name)
    }
}

impl Asset {
    fn load(stem: &str, extension: &str, content_type: &'static str) -> Self {
        let content = Files::get(&format!("{stem}.{extension}")).map(|file| file.data).unwrap_or_default();
        let hash: String = hex(&sha256(&content)).chars().take(16).collect();
        Self { name: format!("{stem}.{hash}.{extension}"), content_type, content }
    }
}

/// `GET /assets/{name}`.
pub(crate) async fn serve(Extract(ra): Extract<State>, Path(name): Path<String>) -> Result<Response, Refusal> {
    let assets = ra.assets();
    let files = [&assets.stylesheet, &assets.script, &assets.icon];
    let asset = files.into_iter().find(|asset| asset.name == name).ok_or(Refusal::NotFound)?;
    let mut response = Body::from(asset.content.to_vec()).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stay_within_their_budgets_and_load_nothing_from_elsewhere() {
        let assets = Assets::load();
        assert!((1..=40 * 1024).contains(&assets.stylesheet.content.len()));
        assert!((1..=10 * 1024).contains(&assets.script.content.len()));
        for asset in [&assets.stylesheet, &assets.script] {
            let text = std::str::from_utf8(&asset.content).unwrap();
            for forbidden in ["http://", "https://", "@import", "url(", "innerHTML", "eval("] {
                assert!(!text.contains(forbidden), "{}: {forbidden}", asset.name);
            }
        }
    }

    #[test]
    fn name_carries_the_hash_of_the_content() {
        let assets = Assets::load();
        let hash = hex(&sha256(&assets.script.content));
        assert_eq!(assets.script(), format!("/assets/app.{}.js", &hash[..16]));
    }

    #[test]
    fn every_class_of_a_template_is_in_the_stylesheet() {
        let assets = Assets::load();
        let stylesheet = std::str::from_utf8(&assets.stylesheet.content).unwrap();
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")];
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                for attribute in text.split("class=\"").skip(1) {
                    for class in written(attribute).split_whitespace().filter(|class| !class.ends_with(['-', '_'])) {
                        let known =
                            [" ", ":", ",", "["].iter().any(|end| stylesheet.contains(&format!(".{class}{end}")));
                        assert!(known, "{}: {class}", path.display());
                    }
                }
            }
        }
    }

    /// What stands in an attribute outside `{{ }}` and `{% %}`, up to its closing quote.
    fn written(attribute: &str) -> String {
        let mut depth = 0;
        let mut text = String::new();
        for character in attribute.chars() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                '"' if depth == 0 => break,
                other if depth == 0 => text.push(other),
                _ => {}
            }
        }
        text
    }
}
