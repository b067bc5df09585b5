"""A part of a page that asks for consent is a dialog of its own, though it covers nothing that is written."""

from screenshots.reading import read_screen
from tests.screenshots.trees import button, hierarchy, label, node, window

BANNER = "Nous et nos 41 partenaires déposons des traceurs pour mesurer l'audience et personnaliser les publicités."


def rows(count: int) -> str:
    return "".join(
        node((0, 60 + 130 * at, 720, 180 + 130 * at), label(f"Titre {at}", (30, 80 + 130 * at, 690, 140 + 130 * at)))
        for at in range(count)
    )


def banner(text: str, *labels: str, top: int = 1180) -> str:
    buttons = "".join(
        button(name, (30 + at * 340, top + 260, 350 + at * 340, top + 360)) for at, name in enumerate(labels)
    )
    return node((0, top, 720, 1600), label(text, (30, top + 30, 690, top + 240)), buttons)


def test_a_banner_at_the_foot_of_a_page_is_the_card() -> None:
    reading = read_screen(None, hierarchy(window(rows(8) + banner(BANNER, "Tout refuser", "Tout accepter"))), ocr=())
    assert reading.dialog is not None
    assert reading.dialog.asks_consent
    assert reading.dialog.box == (0, 1180, 720, 1600)
    assert {one.role for one in reading.dialog.controls} == {"refuse", "accept"}


def test_a_banner_about_something_else_is_no_request() -> None:
    offer = banner(
        "La livraison est offerte dès 30 euros d'achat jusqu'à dimanche soir.", "Plus tard", "Voir les offres"
    )
    reading = read_screen(None, hierarchy(window(rows(8) + offer)), ocr=())
    assert reading.dialog is None or not reading.dialog.asks_consent


def test_rows_that_each_hold_a_text_and_a_button_are_no_dialogs() -> None:
    text = "Une longue brève sur la vie privée et les données personnelles des lecteurs."
    items = "".join(banner(text, "Lire la suite", top=60 + 300 * at) for at in range(4))
    reading = read_screen(None, hierarchy(window(items)), ocr=())
    assert reading.dialog is None or not reading.dialog.asks_consent


def test_a_page_that_says_nothing_besides_its_question_stays_a_page() -> None:
    whole = node((0, 0, 720, 1600), label(BANNER, (30, 300, 690, 600)), button("Tout accepter", (30, 1400, 690, 1500)))
    reading = read_screen(None, hierarchy(window(whole)), ocr=())
    assert len(reading.kinds) == 1
