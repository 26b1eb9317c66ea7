//! Keys made at the centre are handed over once, and so must a fault leave them: either nothing has happened and it can be done
//! again, or it has happened. Where the database kept it and could not say so, the PIN or the file is still in the answer, which
//! is the last place where it is; only a power cut in that moment loses it, and then the page says so.

use super::PROGRAM;
use ca_core::key::KeyAlgorithm;
use lgpki::commands::demo::acts;
use lgpki::visitor::Page;
use lgpki_tests::centre::{filed_with_us, link_on, pin_on};
use lgpki_tests::databases::Kind;
use lgpki_tests::interruptions::{Blow, Fault, STRUCK};
use lgpki_tests::invariants::{broken, texts};
use lgpki_tests::program::{Installation, Person};
use store::Step;

/// What is struck here.
pub(super) const STEP: Step = Step::KeyHandedOver;

/// What is being done when the fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Pin,
    Link,
    Fetch,
}

macro_rules! acts {
    ($($name:ident = $kind:ident, $act:ident;)+) => {$(
        #[test]
        fn $name() {
            struck_in_each_form(Kind::$kind, Act::$act);
        }
    )+};
}

acts! {
    a_pin_on_sqlite = Sqlite, Pin;
    a_pin_on_postgres = Postgres, Pin;
    a_link_on_sqlite = Sqlite, Link;
    a_link_on_postgres = Postgres, Link;
    a_download_on_sqlite = Sqlite, Fetch;
    a_download_on_postgres = Postgres, Fetch;
}

fn struck_in_each_form(kind: Kind, act: Act) {
    let installation = Installation::new(kind);
    let (mut officer, mut manager) = (installation.officer(), installation.manager());
    for blow in Blow::ALL {
        let fault = Fault { step: STEP, occurrence: 1, blow };
        let row = format!("{kind:?} {act:?} {fault}");
        let number = filed_with_us(&installation, KeyAlgorithm::P256).number;
        let (delivery, mut link) = (format!("/requests/{number}/delivery"), String::new());
        let mut program = installation.serve(PROGRAM, None);
        officer.is_logged_in().unwrap();
        manager.is_logged_in().unwrap();
        acts::approve(&mut manager.browser, &number).unwrap();
        program.until(|| acts::certificate_of(&mut officer.browser, &number)).unwrap();
        for before in [Act::Pin, Act::Link].into_iter().filter(|before| before.comes_before(act)) {
            assert!(before.done(&mut officer, &delivery, &mut link).is_some(), "{row}: {before:?}");
        }
        program.stops();

        let mut program = installation.serve(PROGRAM, Some(fault));
        let handed = act.done(&mut officer, &delivery, &mut link);
        let outlives = blow == Blow::FailedButPersisted && act != Act::Link;
        assert_eq!(handed.is_some(), outlives, "{row}: what was kept and not confirmed is in the answer");
        if blow.kills() {
            program.ended();
            assert!(program.log().contains(STRUCK), "{row}: it did not strike");
            program = installation.serve(PROGRAM, None);
        }
        // A link is made again at will; the others are done again only where nothing has happened.
        let again = act.done(&mut officer, &delivery, &mut link);
        assert_eq!(again.is_some(), act == Act::Link || !blow.persists(), "{row}: done again");
        let log = program.stops();
        assert!(blow.kills() || log.contains(STRUCK), "{row}: it did not strike");
        let sql = format!(
            "select d.state from delivery d join request r on r.request_id = d.request_id where r.number = '{number}'"
        );
        assert_eq!(texts(&installation.database, &sql), [act.leaves()], "{row}");
        let broken = broken(&installation.database);
        assert!(broken.is_empty(), "{row}:\n  {}", broken.join("\n  "));
    }
}

impl Act {
    fn comes_before(self, other: Self) -> bool {
        matches!((self, other), (Self::Pin, Self::Link | Self::Fetch) | (Self::Link, Self::Fetch))
    }

    const fn leaves(self) -> &'static str {
        match self {
            Self::Pin | Self::Link => "packed",
            Self::Fetch => "fetched",
        }
    }

    /// Does it; what the answer hands out, or nothing. `link` is the newest link, which only its own page knows.
    fn done(self, officer: &mut Person<'_>, delivery: &str, link: &mut String) -> Option<Vec<u8>> {
        let browser = &mut officer.browser;
        let answer = match self {
            Self::Pin => {
                let form = browser.open(delivery).ok()?.form("/pin").ok()?;
                let slip = browser.send(&form).ok()?.text();
                slip.contains("slip__pin").then(|| pin_on(&slip))?.into_bytes()
            }
            Self::Link => {
                let form = browser.open(delivery).ok()?.form("/link").ok()?;
                let page = browser.send(&form).ok().filter(Page::is_ok)?;
                *link = link_on(&page.text());
                link.clone().into_bytes()
            }
            Self::Fetch => {
                let form = browser.open(link).ok()?.form(link).ok()?;
                browser.send(&form).ok().filter(|file| file.media_type == "application/x-pkcs12")?.body
            }
        };
        Some(answer)
    }
}
