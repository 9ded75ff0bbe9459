"""Where in a FIN message that stands which became an element of its translation: what its sender has to correct.

Fields are written as SWIFT writes them, with `a` for any option letter: `59a` is 59, 59A or 59F.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_TRANSFER: Final = "CdtTrfTxInf/"
_RETURN: Final = "TxInf/"
Fields = Mapping[str, str]

_SHARED: Final = {
    "GrpHdr/MsgId": "20",
    "GrpHdr/SttlmInf/SttlmAcct": "53a",
    "GrpHdr/SttlmInf/InstgRmbrsmntAgt": "53a",
    "GrpHdr/SttlmInf/InstdRmbrsmntAgt": "54a",
    "GrpHdr/SttlmInf/ThrdRmbrsmntAgt": "55a",
    "GrpHdr/SttlmInf": "53a",
    f"{_TRANSFER}PmtId/InstrId": "20",
    f"{_TRANSFER}PmtId/UETR": "121",
    f"{_TRANSFER}PmtId": "121",
    f"{_TRANSFER}IntrBkSttlmAmt": "32A",
    f"{_TRANSFER}IntrBkSttlmDt": "32A",
    f"{_TRANSFER}PrvsInstgAgt": "72",
    f"{_TRANSFER}InstrForNxtAgt": "72",
    f"{_TRANSFER}InstrForCdtrAgt": "72",
    f"{_TRANSFER}IntrmyAgt1": "56a",
    f"{_TRANSFER}CdtrAgt": "57a",
}
_CUSTOMERS: Final = {
    "Dbtr": "50a",
    "DbtrAcct": "50a",
    "DbtrAgt": "52a",
    "IntrmyAgt1": "56a",
    "CdtrAgt": "57a",
    "Cdtr": "59a",
    "CdtrAcct": "59a",
    "RmtInf": "70",
}
_CUSTOMER_TRANSFER: Final = {
    **_SHARED,
    **{f"{_TRANSFER}{element}": tag for element, tag in _CUSTOMERS.items()},
    f"{_TRANSFER}PmtId/EndToEndId": "70",
    f"{_TRANSFER}PmtTpInf": "23E",
    f"{_TRANSFER}InstdAmt": "33B",
    f"{_TRANSFER}XchgRate": "36",
    f"{_TRANSFER}ChrgBr": "71A",
    f"{_TRANSFER}ChrgsInf": "71F",
    f"{_TRANSFER}InstrForCdtrAgt/Cd": "23E",
}
_INSTITUTION_TRANSFER: Final = {
    **_SHARED,
    f"{_TRANSFER}PmtId/EndToEndId": "21",
    f"{_TRANSFER}Dbtr": "52a",
    f"{_TRANSFER}DbtrAgt": "52a",
    f"{_TRANSFER}Cdtr": "58a",
    f"{_TRANSFER}CdtrAcct": "58a",
    f"{_TRANSFER}RmtInf": "72",
    **{f"{_TRANSFER}UndrlygCstmrCdtTrf/{element}": tag for element, tag in _CUSTOMERS.items()},
}
_PAYMENT_RETURN: Final = {
    "GrpHdr/MsgId": "20",
    f"{_RETURN}RtrId": "20",
    f"{_RETURN}OrgnlInstrId": "72",
    f"{_RETURN}OrgnlEndToEndId": "72",
    f"{_RETURN}OrgnlUETR": "121",
    f"{_RETURN}RtrdIntrBkSttlmAmt": "32A",
    f"{_RETURN}IntrBkSttlmDt": "32A",
    f"{_RETURN}RtrdInstdAmt": "33B",
    f"{_RETURN}ChrgBr": "71A",
    f"{_RETURN}RtrChain/DbtrAgt": "52a",
    f"{_RETURN}RtrChain/CdtrAgt": "57a",
    f"{_RETURN}RtrRsnInf": "72",
}
_CUSTOMERS_BACK: Final = {f"{_RETURN}RtrChain/Dbtr": "50a", f"{_RETURN}RtrChain/Cdtr": "59a"}
_INSTITUTIONS_BACK: Final = {f"{_RETURN}RtrChain/Dbtr": "52a", f"{_RETURN}RtrChain/Cdtr": "58a"}
_CANCELLATION: Final = {
    "Assgnmt/Id": "20",
    "Case/Id": "20",
    "Undrlyg/TxInf/OrgnlInstrId": "21",
    "Undrlyg/TxInf/OrgnlUETR": "121",
    "Undrlyg/TxInf/OrgnlIntrBkSttlmAmt": "32A",
    "Undrlyg/TxInf/OrgnlIntrBkSttlmDt": "32A",
    "Undrlyg/TxInf/CxlRsnInf": "79",
}

_INSTITUTION_RETURN: Final = {**_PAYMENT_RETURN, **_INSTITUTIONS_BACK}
_FIELDS: Final[Mapping[tuple[str, str], Fields]] = MappingProxyType(
    {
        ("MT103", "FIToFICstmrCdtTrf"): _CUSTOMER_TRANSFER,
        ("MT103", "PmtRtr"): {**_PAYMENT_RETURN, **_CUSTOMERS_BACK},
        ("MT202", "FICdtTrf"): _INSTITUTION_TRANSFER,
        ("MT202", "PmtRtr"): _INSTITUTION_RETURN,
        ("MT205", "FICdtTrf"): _INSTITUTION_TRANSFER,
        ("MT205", "PmtRtr"): _INSTITUTION_RETURN,
        ("MT192", "FIToFIPmtCxlReq"): _CANCELLATION,
        ("MT292", "FIToFIPmtCxlReq"): _CANCELLATION,
    }
)


def field_of(element: str, name: str) -> str | None:
    """The field of the MT `name` that an element of its translation was made of; None where that is no field.

    >>> field_of("FIToFICstmrCdtTrf/CdtTrfTxInf/CdtrAcct/Id/IBAN", "MT103")
    '59a'
    """
    root, _, rest = element.partition("/")
    fields = _FIELDS.get((name, root), {})
    steps = [step.rstrip("0123456789") if step.startswith("PrvsInstgAgt") else step for step in rest.split("/")]
    ends = range(len(steps), 0, -1)
    return next((tag for end in ends if (tag := fields.get("/".join(steps[:end]))) is not None), None)
