#!/usr/bin/env python3
"""Writes holidays.txt, which the program reads: every public holiday of every country and region for these years.

    python3 -m venv venv && venv/bin/pip install holidays==0.109
    venv/bin/python src/features/absences/holidays/generate.py > src/features/absences/holidays/holidays.txt

The source is the Python library `holidays` (https://github.com/vacanza/holidays, MIT; see LICENSE beside this file).

A country is a line `DE<tab>Germany`, followed by its regions, each `/BY<tab>Bavaria`, and by its holidays, each
`name<tab>regions<tab>days`, where the regions are `*` (the whole country), or a list, in which `-` is the country without
any region said, or a list of those left out, after `!`. The days are `MMDD` (the same each year) or `YYMMDD`.
"""
import warnings
from datetime import date

warnings.simplefilter("ignore")
import holidays
from holidays import registry

FIRST, LAST = 2020, 2040
YEARS = range(FIRST, LAST + 1)


def words(name):
    out = ""
    for at, letter in enumerate(name):
        if at and letter.isupper() and (name[at - 1].islower() or (at + 1 < len(name) and name[at + 1].islower())):
            out += " "
        out += letter
    return out


NAMES = {value[1]: words(value[0]) for value in registry.COUNTRIES.values()}
for key, value in registry.COUNTRIES.items():
    NAMES.setdefault(value[1], words(value[0]))


def tidy(name):
    return " ".join(name.split())


def of(country, region):
    cls = getattr(holidays, country)
    language = next((l for l in ("en_US", "en_GB", "en") if l in getattr(cls, "supported_languages", ())), None)
    for lang in getattr(cls, "supported_languages", ()):
        if language is None and lang.startswith("en"):
            language = lang
    found = holidays.country_holidays(country, subdiv=region, years=YEARS, language=language)
    return {(day, tidy(part)) for day, name in found.items() for part in name.split(";") if FIRST <= day.year <= LAST}


def days(found):
    found = sorted(found)
    fixed = {day.strftime("%m%d") for day in found}
    if len(fixed) == 1 and len(found) == len(YEARS):
        return fixed.pop()
    return " ".join(day.strftime("%y%m%d") for day in found)


def main():
    print("# Public holidays. Written by generate.py out of the Python library `holidays`", holidays.__version__, "(MIT); do not edit.")
    print(f"@{FIRST} {LAST}")
    for country, regions in sorted(holidays.list_supported_countries(include_aliases=False).items()):
        if len(country) != 2:
            continue
        cls = getattr(holidays, country)
        aliases = {}
        for alias, code in getattr(cls, "subdivisions_aliases", {}).items():
            aliases.setdefault(code, alias)
        regions = sorted(regions)
        print(f"{country}\t{NAMES.get(country, country)}")
        for region in regions:
            print(f"/{region}\t{tidy(aliases.get(region, region))}")
        everywhere = [None, *regions]
        where = {}
        for region in everywhere:
            for day, name in of(country, region):
                where.setdefault((name, day), set()).add(region)
        grouped = {}
        for (name, day), held in where.items():
            grouped.setdefault((name, frozenset(held)), []).append(day)
        lines = []
        for (name, held), found in grouped.items():
            if len(held) == len(everywhere):
                spoken = "*"
            else:
                code = lambda some: ",".join(sorted(region or "-" for region in some))
                without = set(everywhere) - held
                spoken = code(held) if len(held) <= len(without) else "!" + code(without)
            lines.append(f"{name}\t{spoken}\t{days(found)}")
        print("\n".join(sorted(lines)))


main()
