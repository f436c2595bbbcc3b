"""What the name of a food carries, and which allergies of a person that meets."""

import re
import unicodedata
from collections.abc import Callable

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.conftest import User
from tests.database import kitchen
from tests.database.data_api import DataApi
from tests.database.foods import CARRIES, CARRY_NOTHING, CARRYING, LOOK_ALIKE, listed

Database = psycopg.Connection[DictRow]

ANNEX_II = [
    "gluten",
    "crustaceans",
    "eggs",
    "fish",
    "peanuts",
    "soybeans",
    "milk",
    "tree_nuts",
    "celery",
    "mustard",
    "sesame",
    "sulphites",
    "lupin",
    "molluscs",
]
"""Regulation (EU) No 1169/2011, Annex II, in its order."""

# A food for each allergen that carries no other.
PROBES = {
    "gluten": "bulgur",
    "crustaceans": "prawns",
    "eggs": "omelette",
    "fish": "trout",
    "peanuts": "peanut butter",
    "soybeans": "tofu",
    "milk": "mozzarella",
    "tree_nuts": "pecans",
    "celery": "celeriac",
    "mustard": "mustard greens",
    "sesame": "tahini",
    "sulphites": "raisins",
    "lupin": "lupini beans",
    "molluscs": "squid",
}


def carried(db: Database, foods: list[str]) -> list[set[str]]:
    """The allergens that each food carries."""
    rows = db.execute("select number, classes from private.food_contents(%s)", [foods]).fetchall()
    found = {row["number"]: set(row["classes"]) & set(ANNEX_II) for row in rows}
    return [found.get(number, set()) for number in range(1, len(foods) + 1)]


def conflicts(db: Database, allergies: list[str] | str, foods: list[str] | str) -> list[str]:
    """Those of one or several allergies that one or several foods carry."""
    asked, named = ([value] if isinstance(value, str) else value for value in (allergies, foods))
    return kitchen.conflicts(db, named, asked)


def meant(db: Database, allergy: str) -> set[str]:
    """The allergens that an allergy as somebody wrote it excludes."""
    return {allergen for allergen, probe in PROBES.items() if conflicts(db, allergy, probe)}


# The data.


def test_the_allergens_are_those_of_the_regulation(db: Database) -> None:
    rows = db.execute("select code from private.food_classes where is_allergen order by position").fetchall()
    assert [row["code"] for row in rows] == ANNEX_II


@pytest.mark.parametrize("allergen", ANNEX_II)
def test_every_allergen_has_its_words(db: Database, allergen: str) -> None:
    row = db.execute(
        "select count(*) as words from private.food_terms where %s = any (carries)", [allergen]
    ).fetchone()
    assert row is not None
    assert row["words"] >= 10


def test_words_speak_of_known_classes(db: Database) -> None:
    unknown = db.execute(
        """select word, code from private.food_terms cross join unnest(carries || lacks) as code
        where code not in (select code from private.food_classes)"""
    ).fetchall()
    assert unknown == []


def test_every_word_is_folded_and_says_something(db: Database) -> None:
    # A word that isn't folded would never be found.
    wrong = db.execute(
        """select word from private.food_terms
        where rtrim(private.fold_food(word)) not in (word, ' ' || word) or length(word) < 3
          or (carries = '{}' and lacks = '{}' and not hides)"""
    ).fetchall()
    assert wrong == []


def test_a_name_that_hides_words_is_longer_than_they_are(db: Database) -> None:
    # "Coconut milk" hides milk; a name without any other word in it would hide nothing and mislead readers.
    idle = db.execute(
        """select t.word from private.food_terms as t
        where t.hides and t.carries = '{}' and t.lacks = '{}' and not exists (
          select from private.food_terms as inner_word
          where inner_word.word <> t.word and strpos(' ' || t.word || ' ', inner_word.word) > 0)"""
    ).fetchall()
    assert idle == []


# Foods.


@pytest.mark.parametrize("allergen", ANNEX_II)
def test_foods_that_carry_an_allergen_are_found(db: Database, allergen: str) -> None:
    foods = listed(CARRIES[allergen])
    missed = [food for food, found in zip(foods, carried(db, foods), strict=True) if allergen not in found]
    assert missed == []


def test_foods_that_carry_nothing_are_free(db: Database) -> None:
    foods = listed(CARRY_NOTHING)
    accused = {food: found for food, found in zip(foods, carried(db, foods), strict=True) if found}
    assert accused == {}


def test_lookalikes_are_told_apart(db: Database) -> None:
    mistaken = {
        food: found & set(LOOK_ALIKE[food].split())
        for food, found in zip(LOOK_ALIKE, carried(db, list(LOOK_ALIKE)), strict=True)
        if found & set(LOOK_ALIKE[food].split())
    }
    assert mistaken == {}


def without_umlauts(name: str) -> str:
    """As on a keyboard that has none: Nüsse → Nuesse, Soße → Sosse."""
    return re.sub("[äöü]", lambda umlaut: {"ä": "ae", "ö": "oe", "ü": "ue"}[umlaut[0]], name).replace(
        "ß", "ss"
    )


def after(word: str) -> Callable[[str], str]:
    """Behind another food, from which punctuation parts it: "soy, milk" isn't soy milk."""
    return lambda name: f"{word} {name}"


CYRILLIC = "\u0430\u0435\u0456\u043e\u0440\u0441\u0443\u0445"
GREEK = "\u0391\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a4\u03a7"
"""Letters that look like aeiopcyx and AEHIKMNOTX."""

SPELLINGS: dict[str, Callable[[str], str]] = {
    "upper case": str.upper,
    "title case": str.title,
    "without umlauts": without_umlauts,
    "decomposed": lambda name: unicodedata.normalize("NFD", name),
    "full width": lambda name: name.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
    "no-break spaces": lambda name: name.replace(" ", "\u00a0"),
    "hyphens": lambda name: name.replace(" ", "-"),
    "underscores": lambda name: name.replace(" ", "_"),
    "two spaces": lambda name: name.replace(" ", "  "),
    "zero width": lambda name: "\u200b".join(name),
    "marks of direction": lambda name: "\u200e".join(name),
    "invisible signs": lambda name: "\u2063\ufe0f\U000e0061".join(name),
    "Cyrillic letters": lambda name: name.lower().translate(str.maketrans("aeiopcyx", CYRILLIC)),
    "Greek letters": lambda name: name.upper().translate(str.maketrans("AEHIKMNOTX", GREEK)),
    "soft hyphens": lambda name: name[:2] + "\u00ad" + name[2:],
    "an amount before it": lambda name: f"250g {name}",
    "an amount stuck to it": lambda name: f"2{name}",
    "words around it": lambda name: f"fresh organic {name} (about two cups), chopped",
    "German words around it": lambda name: f"frische Bio-{name}, klein geschnitten (ca. 200 g)",
    "another food before it": lambda name: f"rice and {name}",
    "free-range": lambda name: f"{name}, free-range",
    "free range": lambda name: f"{name} free range",
    **{
        f"after {word!r}": after(word)
        for word in ("coconut,", "soy,", "rice;", "almond /", "oat -", "Reis\n")
    },
    "a lookalike before it": lambda name: f"coconut milk and butternut squash or {name}",
    "a lookalike after it": lambda name: f"{name} or eggplant with nutmeg",
    "a claim of another food": lambda name: f"{name} or vegan, gluten-free and nut-free substitute",
    "quotes": lambda name: f"“{name}”",
    "an emoji": lambda name: f"🥣{name}🥣",
}


def test_the_steps_of_a_basic_recipe_carry_nothing_that_its_ingredients_do_not(db: Database) -> None:
    # The planner looks at the ingredients; accepting its suggestion looks at the steps, too.
    hidden = db.execute(
        """with asked as materialized (
          select array(
            select english from private.food_classes where is_allergen
            union select y.called[1] from private.food_synonyms as y
          ) as allergies
        ),
        known as materialized (
          select r.name, c.allergy
          from private.basic_recipes as r
          cross join asked
          cross join private.food_conflicts(asked.allergies, r.name || array(
            select i ->> 'food_item_name'
            from jsonb_array_elements(private.basic_meal(r.name, 2) -> 'ingredients') as i)) as c
        )
        select r.name, step.allergy, step.food
        from private.basic_recipes as r
        cross join asked
        cross join private.food_conflicts(asked.allergies, r.instructions) as step
        where (r.name, step.allergy) not in (select k.name, k.allergy from known as k)"""
    ).fetchall()
    assert hidden == []


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_hides_an_allergen(db: Database, spelling: str) -> None:
    spelled = [SPELLINGS[spelling](food) for food, _ in CARRYING]
    found = carried(db, spelled)
    missed = [
        f"{name}: {allergen}"
        for name, (_, allergen), carries in zip(spelled, CARRYING, found, strict=True)
        if allergen not in carries
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("almond", "almonds"),
        ("anchovy", "anchovies"),
        ("oyster", "oysters"),
        ("radish sandwich", "radish sandwiches"),
        ("egg", "eggs"),
        ("Ei", "Eier"),
        ("Nuss", "Nüsse"),
        ("Mandel", "Mandeln"),
        ("Garnele", "Garnelen"),
        ("Brot", "Brote"),
        ("Fisch", "Fische"),
        ("Krebs", "Krebse"),
        ("crab", "crabs"),
        ("glutenhaltiger Keks", "glutenhaltige Kekse"),
    ],
)
def test_one_and_many_are_the_same_food(db: Database, singular: str, plural: str) -> None:
    one, many = carried(db, [singular, plural])
    assert one == many != set()


# Claims.


@pytest.mark.parametrize(
    ("food", "allergen", "carries"),
    [
        ("Eier, freilaufend", "eggs", True),
        ("1 egg (free-range)", "eggs", True),
        ("vegan butter", "milk", False),
        ("butter, vegan", "milk", False),
        ("Butter (vegan)", "milk", False),
        ("veganer Frischkäse", "milk", False),
        ("gluten-free spaghetti", "gluten", False),
        ("Spaghetti, glutenfrei", "gluten", False),
        ("egg-free mayonnaise", "eggs", False),
        ("Mayonnaise ohne Ei", "eggs", False),
        ("nut-free granola", "tree_nuts", False),
        ("dairy free dark chocolate", "milk", False),
        # A claim is about what it names.
        ("gluten-free soy sauce", "soybeans", True),
        ("vegan chocolate with nuts", "tree_nuts", True),
        ("egg-free mayonnaise", "mustard", True),
        ("alcohol-free beer", "gluten", True),
        ("wheat-free bread", "gluten", True),
        ("lactose-free milk", "milk", True),
        # What offers a choice, adds something or denies it is no claim.
        ("butter or vegan butter", "milk", True),
        ("vegan butter or butter", "milk", True),
        ("butter (or vegan butter)", "milk", True),
        ("butter/vegan butter", "milk", True),
        ("cheese (vegan if you like)", "milk", True),
        ("cheese (vegan option)", "milk", True),
        ("vegan burger with cheese", "milk", True),
        ("vegane Nudeln mit Käse", "milk", True),
        ("vegan mozzarella, parmesan", "milk", True),
        ("not vegan cheese", "milk", True),
        ("Käse, nicht vegan", "milk", True),
        ("bread, not gluten-free", "gluten", True),
        ("flour (gluten-free if needed)", "gluten", True),
        ("butter, vegan yogurt", "milk", True),
        ("gluten, free-range eggs", "eggs", True),
    ],
)
def test_a_claim_holds_for_what_it_is_about(db: Database, food: str, allergen: str, carries: bool) -> None:
    assert (allergen in carried(db, [food])[0]) == carries


# Allergies, as people write them.


@pytest.mark.parametrize(
    ("allergy", "allergens"),
    [
        ("nuts", "tree_nuts peanuts"),
        ("Nut allergy", "tree_nuts peanuts"),
        ("Nüsse", "tree_nuts peanuts"),
        ("Nuesse", "tree_nuts peanuts"),
        ("alle Nüsse", "tree_nuts peanuts"),
        ("nut-free", "tree_nuts peanuts"),
        ("tree nut", "tree_nuts"),
        ("Tree nuts", "tree_nuts"),
        ("Schalenfrüchte", "tree_nuts"),
        ("walnut", "tree_nuts"),
        ("Haselnuss", "tree_nuts"),
        ("cashews", "tree_nuts"),
        ("peanut", "peanuts"),
        ("Erdnuss", "peanuts"),
        ("Erdnussallergie", "peanuts"),
        ("gluten", "gluten"),
        ("Gluten intolerance", "gluten"),
        ("gluten-free", "gluten"),
        ("coeliac disease", "gluten"),
        ("celiac", "gluten"),
        ("Zöliakie", "gluten"),
        ("wheat", "gluten"),
        ("Weizen", "gluten"),
        ("lactose", "milk"),
        ("Laktoseintoleranz", "milk"),
        ("milk allergy", "milk"),
        ("cow's milk protein", "milk"),
        ("Kuhmilcheiweiß", "milk"),
        ("dairy", "milk"),
        ("egg white", "eggs"),
        ("Hühnereiweiß", "eggs"),
        ("Ei", "eggs"),
        ("fish", "fish"),
        ("salmon", "fish"),
        ("shellfish", "crustaceans molluscs"),
        ("Schalentiere", "crustaceans molluscs"),
        ("seafood", "crustaceans molluscs fish"),
        ("Meeresfrüchte", "crustaceans molluscs fish"),
        ("shrimp", "crustaceans"),
        ("Garnelen", "crustaceans"),
        ("mussels", "molluscs"),
        ("soya", "soybeans"),
        ("Soja", "soybeans"),
        ("sesame", "sesame"),
        ("Senf", "mustard"),
        ("Sellerie", "celery"),
        ("sulfites", "sulphites"),
        ("E220", "sulphites"),
        ("Lupine", "lupin"),
        ("nuts, sesame", "tree_nuts peanuts sesame"),
        ("Eier und Milch", "eggs milk"),
        ("fish/shellfish", "fish crustaceans molluscs"),
        ("coconut", ""),
        ("nutmeg", ""),
        ("Buchweizen", ""),
        ("kiwi", ""),
        ("the", ""),
        ("none", ""),
        ("***", ""),
    ],
)
def test_an_allergy_means_its_allergens(db: Database, allergy: str, allergens: str) -> None:
    assert meant(db, allergy) == set(allergens.split())


def test_an_allergy_can_be_named_as_the_regulation_does(db: Database) -> None:
    rows = db.execute("select code, english, german from private.food_classes where is_allergen").fetchall()
    for row in rows:
        for name in (row["code"].replace("_", " "), row["english"], row["german"]):
            assert meant(db, name) == {row["code"]}


def test_lactose_intolerance_allows_milk_without_lactose(db: Database) -> None:
    foods = ["lactose-free milk", "laktosefreier Quark"]
    assert conflicts(db, ["lactose", "Laktose", "milk", "Milch"], foods) == ["Milch", "milk"]
    assert conflicts(db, ["lactose"], ["milk"]) == ["lactose"]


@pytest.mark.parametrize(
    ("allergy", "food"),
    [
        ("kiwi", "2 Kiwis"),
        ("Kiwis", "kiwi fruit"),
        ("strawberry", "strawberries"),
        ("strawberries", "strawberry jam"),
        ("Erdbeere", "Erdbeermarmelade"),
        ("Erdbeeren", "frische Erdbeere"),
        ("strawberry", "Erdbeeren"),
        ("Erdbeeren", "strawberry tart"),
        ("Tomatoes", "chopped tomato"),
        ("Tomaten", "Tomatensauce"),
        ("Apfel", "Äpfel"),
        ("Äpfel", "apple sauce"),
        ("peas", "split pea soup"),
        ("coconut", "Kokosmilch"),
        ("garlic", "Knoblauchzehen"),
        ("corn", "Maisstärke"),
        ("citrus fruits", "orange zest"),
        ("Zitrusfrüchte", "lemon juice"),
        ("legumes", "red lentils"),
        ("Hülsenfrüchte", "Kichererbsen"),
        ("stone fruit", "apricot jam"),
        ("mushroom", "Champignons"),
        ("pork", "bacon"),
        ("Alkohol", "white wine"),
        ("honey", "Honig"),
        ("butter beans", "tinned butter beans"),
        ("allergic to raw carrots", "Karotten"),
        ("nutmeg", "ground nutmeg"),
        ("МОЛОКО", "молоко 3,2 %"),
        ("りんご", "青森のりんご"),
    ],
)
def test_any_other_allergy_matches_as_a_word(db: Database, allergy: str, food: str) -> None:
    assert conflicts(db, allergy, food) == [allergy]


@pytest.mark.parametrize(
    ("allergy", "food"),
    [
        ("pea", "peach"),
        ("pea", "peanut"),
        ("fig", "figure"),
        ("butter beans", "peanut butter"),
        ("chicken", "chickpeas"),
        ("kiwi", "strawberry"),
        ("lemon", "orange"),
        ("the", "the best soup"),
        ("no", "noodles"),
        (".*", "rice"),
        ("[", "rice"),
        ("(a|b", "rice"),
        ("?", "rice"),
        ("", "rice"),
    ],
)
def test_another_word_is_another_food(db: Database, allergy: str, food: str) -> None:
    assert conflicts(db, allergy, food) == []


def test_the_allergies_that_are_met_are_named_as_they_were_written(db: Database) -> None:
    allergies = ["Walnuts & kiwi", "MILK", "sesame", "milk", "MILK"]
    assert conflicts(db, allergies, ["rice", "butter", "walnut oil"]) == ["MILK", "Walnuts & kiwi", "milk"]


def test_without_allergies_or_foods_nothing_is_met(db: Database) -> None:
    assert conflicts(db, [], ["milk"]) == []
    assert conflicts(db, ["milk"], []) == []
    row = db.execute(
        """select array(select c.allergy from private.food_conflicts(null, '{milk}') as c) as a,
          array(select c.allergy from private.food_conflicts('{milk}', null) as c) as b,
          array(select c.allergy from private.food_conflicts('{milk,null}', '{null,butter}') as c) as c"""
    ).fetchone()
    assert row == {"a": [], "b": [], "c": ["milk"]}


def test_many_foods_are_judged_at_once(db: Database) -> None:
    rows = db.execute(
        "select food, allergy from private.food_conflicts(%s, %s) order by 1, 2",
        [["nuts", "milk"], ["Nusskuchen", "rice", "butter", "rice"]],
    ).fetchall()
    assert [tuple(row.values()) for row in rows] == [
        ("Nusskuchen", "milk"),
        ("Nusskuchen", "nuts"),
        ("butter", "milk"),
    ]


@pytest.mark.parametrize("allergen", ANNEX_II)
def test_many_foods_get_the_answers_of_each(db: Database, allergen: str) -> None:
    foods = listed(CARRIES[allergen]) + listed(CARRY_NOTHING)
    rows = db.execute(
        "select distinct food from private.food_conflicts(%s, %s)", [[allergen.replace("_", " ")], foods]
    ).fetchall()
    assert {row["food"] for row in rows} >= set(listed(CARRIES[allergen]))
    assert not {row["food"] for row in rows} & set(listed(CARRY_NOTHING))


# The list for clients.


def test_clients_can_list_the_allergens(data_api: DataApi, owner: User) -> None:
    answer = data_api.get("rpc/allergens", by=owner)
    assert answer.status_code == 200
    assert [row["code"] for row in answer.json()] == ANNEX_II
    assert answer.json()[7] == {"code": "tree_nuts", "english": "tree nuts", "german": "Schalenfrüchte"}


def test_anon_cannot_list_the_allergens(data_api: DataApi) -> None:
    assert data_api.get("rpc/allergens", by=None).status_code == 401
