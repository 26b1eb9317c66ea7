//! The shipped register as a whole: counts, check digits, lineage, searches, and whose domain is whose.

use super::*;
use crate::name::DnsName;

fn register() -> Register {
    Register::shipped().unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_utc(2026, 11, 21, 0, 0, 0).unwrap()
}

fn code(text: &str) -> LocalGovernmentCode {
    LocalGovernmentCode::parse(text).unwrap()
}

fn judged(applicant: &str, kind: Option<BodyKind>, domain: &str) -> DomainVerdict {
    let register = register();
    let applicant = Applicant { code: code(applicant), kind };
    judge_domain(register.at(now()), &applicant, &DnsName::parse(domain).unwrap())
}

#[test]
fn every_prefecture_municipality_and_ward_is_there_once() {
    let register = register();
    let count = |kind| register.at(now()).bodies().filter(|body| body.kind == kind).count();
    assert_eq!(count(BodyKind::Prefecture), 47);
    assert_eq!(count(BodyKind::DesignatedCity), 20);
    assert_eq!(count(BodyKind::DesignatedCity) + count(BodyKind::City), 792);
    assert_eq!((count(BodyKind::Town), count(BodyKind::Village), count(BodyKind::SpecialWard)), (743, 183, 23));
    assert_eq!(792 + 743 + 183 + 23, 1741);
    assert_eq!(count(BodyKind::Ward), 171);
    assert_eq!(register.at(now()).bodies().count(), 1741 + 47 + 171);
    for northern in ["016951", "016969", "016977", "016985", "016993", "017001"] {
        assert_eq!(register.body(&code(northern)), None, "{northern} has no government");
    }
}

#[test]
fn every_check_digit_is_right_and_the_lines_are_in_order() {
    let codes: Vec<&str> = GOVERNMENTS.lines().filter(|line| !line.starts_with('#')).map(|line| &line[..6]).collect();
    assert!(codes.is_sorted());
    for text in codes {
        assert_eq!(LocalGovernmentCode::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn official_labels_are_those_of_prefectures() {
    let register = register();
    let labelled: Vec<&RegisteredBody> = register.bodies().filter(|body| body.label.is_some()).collect();
    assert_eq!(labelled.len(), 30);
    for body in labelled {
        let label = body.label.as_ref().unwrap();
        assert_eq!(body.kind, BodyKind::Prefecture, "{label}");
        assert_eq!(label.attribute(), body.kind.attribute(&body.code), "{} {label}", body.name);
        assert_eq!(Some(label), body.derived_labels().first(), "{}", body.name);
    }
}

#[test]
fn every_prefecture_and_municipality_has_names_its_reading_leads_to() {
    let register = register();
    let mut most = 0;
    for body in register.at(now()).bodies() {
        let derived = body.derived_labels();
        assert_eq!(derived.is_empty(), body.kind == BodyKind::Ward, "{} {}", body.name, body.kana);
        assert!(derived.iter().all(|label| body.reads_as(label)), "{derived:?}");
        most = most.max(derived.len());
    }
    // Half of them without the prefecture: far from the bound of 64 that would leave some out.
    assert!(most <= 32, "{most}");
}

#[test]
fn well_known_names_are_the_first_their_readings_lead_to() {
    let register = register();
    let first = |text: &str| register.body(&code(text)).unwrap().derived_labels().first().unwrap().to_string();
    let known = [
        ("010006", "pref.hokkaido"),
        ("130001", "metro.tokyo"),
        ("270008", "pref.osaka"),
        ("440001", "pref.oita"),
        ("011002", "city.sapporo"),
        ("041009", "city.sendai"),
        ("141003", "city.yokohama"),
        ("221309", "city.hamamatsu"),
        ("261009", "city.kyoto"),
        ("271004", "city.osaka"),
        ("401005", "city.kitakyushu"),
        ("131016", "city.chiyoda"),
        ("131024", "city.chuo"),
        ("131148", "city.nakano"),
        ("151009", "city.niigata"),
        ("392014", "city.kochi"),
        ("382108", "city.iyo"),
        ("042081", "city.kakuda"),
        ("282090", "city.toyooka"),
        ("013455", "town.mori"),
    ];
    for (of, wanted) in known {
        assert_eq!(first(of), wanted);
    }
}

#[test]
fn a_name_that_several_bodies_have_has_the_prefecture_before_it() {
    let register = register();
    let at = register.at(now());
    let likely = |text: &str| at.likely_label(register.body(&code(text)).unwrap()).unwrap().to_string();
    assert_eq!(likely("013455"), "town.hokkaido-mori");
    assert_eq!(likely("224618"), "town.shizuoka-mori");
    assert_eq!(likely("011002"), "city.sapporo");
    assert_eq!(likely("270008"), "pref.osaka");
}

#[test]
fn an_official_name_is_its_bodys_and_no_other_body_has_it() {
    let register = register();
    let at = register.at(now());
    let labelled: Vec<(&RegisteredBody, DnsName)> =
        at.bodies().filter_map(|body| Some((body, DnsName::parse(&body.label.as_ref()?.domain()).unwrap()))).collect();
    for (body, domain) in &labelled {
        let below = DnsName::parse(&format!("www.{domain}")).unwrap();
        let applicant = Applicant { code: body.code.clone(), kind: None };
        assert_eq!(judge_domain(at, &applicant, &below), DomainVerdict::Registered);
        for (other, _) in &labelled {
            let wanted = match other.code == body.code {
                true => DomainVerdict::Registered,
                false => DomainVerdict::OtherBody(body.code.clone()),
            };
            let applicant = Applicant { code: other.code.clone(), kind: None };
            assert_eq!(judge_domain(at, &applicant, domain), wanted, "{} {domain}", other.name);
        }
    }
}

#[test]
fn a_name_that_follows_the_reading_is_expected() {
    for (applicant, domain) in [
        ("011002", "city.sapporo.lg.jp"),
        ("011002", "www.city.hokkaido-sapporo.lg.jp"),
        ("013455", "town.hokkaido-mori.lg.jp"),
        ("224618", "town.mori.lg.jp"),
        ("352161", "city.sanyo-onoda.lg.jp"),
        ("131148", "city.tokyo-nakano.lg.jp"),
        ("392014", "city.kouchi.lg.jp"),
        ("062014", "city.yamagata-yamagata.lg.jp"),
    ] {
        assert_eq!(judged(applicant, None, domain), DomainVerdict::Expected, "{domain}");
    }
}

#[test]
fn a_name_that_reads_like_another_body_is_a_reason_to_ask() {
    let like = |text: &str| DomainVerdict::ReadsLike(code(text));
    assert_eq!(judged("013455", None, "town.yakumo.lg.jp"), like("013463"));
    assert_eq!(judged("224618", None, "town.hokkaido-mori.lg.jp"), like("013455"), "the Mori of another prefecture");
    assert_eq!(judged("392014", None, "www.city.sapporo.lg.jp"), like("011002"));
    assert_eq!(judged("019992", Some(BodyKind::Town), "town.yakumo.lg.jp"), like("013463"));
    // Two slips from Ise's own name, but Iga's: whose name it is counts more.
    assert_eq!(judged("242039", None, "city.iga.lg.jp"), like("242161"));
}

#[test]
fn a_name_of_the_right_form_that_reads_like_nobodys_is_possible() {
    assert_eq!(judged("019992", Some(BodyKind::Town), "town.shirakaba.lg.jp"), DomainVerdict::Pattern);
    assert_eq!(judged("019992", None, "www.town.hokkaido-shirakaba.lg.jp"), DomainVerdict::Pattern);
    // A county before the name is in no reading.
    assert_eq!(judged("285854", None, "town.mikata-kami.lg.jp"), DomainVerdict::Pattern);
    assert_eq!(judged("011002", None, "www.city.sapporo.jp"), DomainVerdict::Outside);
}

#[test]
fn a_slip_is_answered_with_the_bodys_own_name() {
    let near = |text: &str| DomainVerdict::NearMiss(text.to_owned());
    assert_eq!(judged("013455", None, "town.hokaido-mori.lg.jp"), near("town.hokkaido-mori.lg.jp"));
    assert_eq!(judged("013455", None, "www.mori-kanko.example.jp"), DomainVerdict::Outside);
    assert_eq!(judged("013455", None, "www.town.hokkaido-mori.lg.jo"), near("www.town.hokkaido-mori.lg.jp"));
    assert_eq!(judged("011002", None, "www.city.saporo.lg.jp"), near("www.city.sapporo.lg.jp"));
    assert_eq!(judged("011002", None, "citysapporo.lg.jp"), near("city.sapporo.lg.jp"));
    assert_eq!(judged("270008", None, "pref.oosaka.lg.jp"), near("pref.osaka.lg.jp"), "its official name is known");
}

#[test]
fn a_name_with_another_attribute_or_form_is_not_allowed() {
    let not_allowed = |verdict| matches!(verdict, DomainVerdict::NotAllowed(_));
    assert!(not_allowed(judged("019992", Some(BodyKind::Town), "city.shirakaba.lg.jp")));
    assert!(not_allowed(judged("900010", Some(BodyKind::Provider), "city.shirakaba.lg.jp")));
    assert!(not_allowed(judged("019992", None, "shirakaba.lg.jp")));
    assert!(not_allowed(judged("019992", None, "lg.jp")));
    let reserved = DomainVerdict::NotAllowed(LgJpFault::Reserved("pref".to_owned()));
    assert_eq!(judged("019992", None, "town.pref.lg.jp"), reserved);
}

#[test]
fn a_ward_uses_its_citys_domain() {
    assert_eq!(judged("141011", None, "tsurumi.city.yokohama.lg.jp"), DomainVerdict::Expected);
    assert_eq!(judged("401331", None, "city.fukuoka.lg.jp"), DomainVerdict::Expected, "the nearer of two cities");
    assert_eq!(judged("401331", None, "city.kitakyushu.lg.jp"), DomainVerdict::ReadsLike(code("401005")));
    assert_eq!(judged("401331", None, "pref.fukuoka.lg.jp"), DomainVerdict::OtherBody(code("400009")));
}

#[test]
fn hamamatsus_seven_wards_became_three() {
    let register = register();
    let before = Timestamp::from_utc(2023, 12, 31, 14, 59, 59).unwrap();
    let after = Timestamp::from_utc(2023, 12, 31, 15, 0, 0).unwrap();
    let wards = |at: Timestamp| register.at(at).bodies().filter(|body| body.name.starts_with("浜松市")).count() - 1;
    assert_eq!((wards(before), wards(after)), (7, 3));
    let kita = code("221350");
    assert_eq!(register.at(after).body(&kita), None);
    let became: Vec<&str> = register.successors(&kita).map(|event| event.successor.as_str()).collect();
    assert_eq!(became, ["221384", "221392"]);
    assert_eq!(register.predecessors(&code("221384")).count(), 5);
}

#[test]
fn bodies_are_found_by_name_reading_code_and_lg_jp_name() {
    let register = register();
    let found =
        |text: &str| -> Vec<String> { register.search(text).into_iter().map(|body| body.code.to_string()).collect() };
    assert_eq!(found("hokkaido-mori"), ["013455"]);
    assert_eq!(found("TOWN.hokkaido-mori.lg.jp"), ["013455"]);
    assert_eq!(found("pref.osaka"), ["270008"]);
    assert_eq!(found("もりまち"), found("モリマチ"));
    assert!(found("もりまち").contains(&"224618".to_owned()));
    assert_eq!(found("檮原町"), ["394050"]);
    assert_eq!(found("01345"), ["013455"]);
    assert_eq!(found(" "), Vec::<String>::new());
}

#[test]
fn label_or_reading_suggests_a_name_in_latin_letters() {
    let register = register();
    let english = |text: &str| english_name(register.body(&code(text)).unwrap());
    assert_eq!(english("013455").as_deref(), Some("Mori Town"));
    assert_eq!(english("062014").as_deref(), Some("Yamagata City"));
    assert_eq!(english("352161").as_deref(), Some("Sanyoonoda City"));
    assert_eq!(english("131148").as_deref(), Some("Nakano City"));
    assert_eq!(english("130001").as_deref(), Some("Tokyo Metropolis"));
    assert_eq!(english("260002").as_deref(), Some("Kyoto Prefecture"));
    assert_eq!(english("011002").as_deref(), Some("Sapporo City"));
    assert_eq!(english("011011"), None, "wards have many names in Latin letters");
    let own = Register::shipped().unwrap().with("019992,town,白樺町,シラカバチョウ,town.hokkaido-shira-kaba").unwrap();
    assert_eq!(english_name(own.body(&code("019992")).unwrap()).as_deref(), Some("Shira-Kaba Town"));
}

#[test]
fn an_operator_adds_unions_and_providers_and_nothing_twice() {
    let own = "018015,wide-area-union,白樺広域連合,シラカバコウイキレンゴウ,union.shirakaba\n900010,provider,白樺情報,シラカバジョウホウ,\n";
    let own = own.replace("018015", &with_check_digit("01801"));
    let register = register().with(&own).unwrap();
    assert!(register.body(&code("900010")).is_some());
    let twice = register.clone().with("011002,designated-city,札幌市,サッポロシ,").unwrap_err();
    assert_eq!(twice, RegisterError::Twice(code("011002")));
    let stolen = register.clone().with("019992,town,白樺町,シラカバチョウ,pref.osaka").unwrap_err();
    assert!(matches!(stolen, RegisterError::LabelTwice { .. }));
    let strange = register.with_lineage("2030-01-01,merged-into,019992,011002").unwrap_err();
    assert_eq!(strange, RegisterError::Unknown(code("019992")));
}

#[test]
fn an_operator_who_knows_an_official_name_says_so() {
    let register = register().with("011002,city.sapporo\n285854,town.mikata-kami\n").unwrap();
    let verdict = |applicant: &str, domain: &str| {
        let applicant = Applicant { code: code(applicant), kind: None };
        judge_domain(register.at(now()), &applicant, &DnsName::parse(domain).unwrap())
    };
    assert_eq!(verdict("285854", "town.mikata-kami.lg.jp"), DomainVerdict::Registered);
    assert_eq!(verdict("011011", "city.sapporo.lg.jp"), DomainVerdict::Registered, "its ward");
    assert_eq!(verdict("392014", "city.sapporo.lg.jp"), DomainVerdict::OtherBody(code("011002")));
    let unknown = register.with("019992,town.shirakaba").unwrap_err();
    assert_eq!(unknown, RegisterError::Bodiless(code("019992")));
}

fn with_check_digit(stem: &str) -> String {
    (0..10).map(|digit| format!("{stem}{digit}")).find(|text| LocalGovernmentCode::parse(text).is_ok()).unwrap()
}
