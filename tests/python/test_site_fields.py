import re

import pytest

from tk_incident.site_fields import SITE_FIELDS, SiteField


@pytest.mark.parametrize("field", SITE_FIELDS, ids=lambda field: field.name)
def test_a_site_makes_the_name_out_of_the_label(field: SiteField) -> None:
    assert "sg_" + re.sub(r"\W+", "_", field.label.lower()) == field.name


def test_only_the_duplicate_links_to_a_ticket() -> None:
    linked = {field.name: field.valid_types("CustomEntity07") for field in SITE_FIELDS}
    assert {name: types for name, types in linked.items() if types} == {
        "sg_duplicate_of": ("CustomEntity07",)
    }
