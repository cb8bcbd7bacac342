"""Memory of NVIDIA products by name, for ``gpus.csv``, where pci.ids does not say it.

Source: the specification tables of NVIDIA's product pages
(https://www.nvidia.com/geforce/graphics-cards/compare/ and its laptop table,
https://www.nvidia.com/en-us/data-center/, https://www.nvidia.com/en-us/design-visualization/).
A product sold with several sizes is left out: NVML knows the truth once a driver runs, and no number is
better than a wrong one.
"""

from __future__ import annotations

import re

#: Size in the name: "A100 SXM4 80GB", "H200 SXM 141GB", "GH200 144G HBM3e"; "8GB/16GB" names no single size.
_IN_NAME = re.compile(r"(?<![\d/.])\b(\d{1,3}) ?GB?\b(?!\s*/)", re.IGNORECASE)

#: GiB by product: name without brand words (:func:`_plain`).
_BY_NAME = {
    2: (
        "GTX 660|GTX 670|GTX 680|GTX 760|GTX 770|GTX 750 Ti|GTX 950|GT 1030|GTX 1050|Quadro P400|"
        "Quadro P600|Quadro P620|Quadro K620|Quadro K2000|Quadro K2000D"
    ),
    3: ("GTX 780|GTX 780 Ti"),
    4: (
        "GTX 980|GTX 970|GTX 1050 Ti|GTX 1650|GTX 1650 SUPER|GTX 1650 Ti Mobile|GTX 1630|"
        "Quadro K4200|Quadro K5000|Quadro M2000|Quadro P1000|Quadro K2200|T600|Quadro T1000 Mobile|"
        "Quadro T2000 Mobile / Max-Q|RTX A400|RTX A500 Laptop GPU|RTX 3050 Ti Mobile|RTX 2050|"
        "RTX 500 Ada Generation Laptop GPU"
    ),
    5: ("Tesla K20c|Tesla K20m|Quadro P2000|Quadro P2200|Tesla K20"),
    6: (
        "GTX TITAN|GTX TITAN Black|GTX 980 Ti|GTX 1660|GTX 1660 Ti|GTX 1660 SUPER|GTX 1660 Ti Mobile|"
        "RTX 2060 Mobile|RTX 2060|Tesla K20X|Tesla K20Xm|RTX A2000|RTX 4050 Max-Q / Mobile|"
        "GTX 1060 Mobile|RTX 1000 Ada Generation Laptop GPU|Quadro RTX 3000 Mobile / Max-Q"
    ),
    8: (
        "GTX 1070|GTX 1070 Ti|GTX 1080|RTX 2070|RTX 2070 SUPER|RTX 2060 SUPER|RTX 2080|"
        "RTX 2080 SUPER|RTX 3050|RTX 3060 Ti|RTX 3070|RTX 3070 Ti|RTX 4060|Quadro M4000|Quadro M5000|"
        "Quadro P4000|Quadro RTX 4000|Tesla P4|RTX A1000|RTX 4060 Max-Q / Mobile|"
        "RTX 4070 Max-Q / Mobile|RTX 3070 Ti Laptop GPU|RTX 3060 Ti Lite Hash Rate|"
        "RTX 3070 Lite Hash Rate|RTX 5050|RTX 5060|RTX 5060 Max-Q / Mobile|RTX 5070 Max-Q / Mobile|"
        "RTX 5050 Max-Q / Mobile|RTX 2000 Ada Generation Laptop GPU|"
        "RTX 3000 Ada Generation Laptop GPU|GTX 1070 Mobile|GTX 1080 Mobile|RTX 2080 Mobile|"
        "RTX 2070 Mobile|RTX 2070 Mobile / Max-Q|RTX 3070 Mobile / Max-Q|"
        "RTX PRO 2000 Blackwell Generation Laptop GPU|RTX PRO 1000 Blackwell Generation Laptop GPU|"
        "T1000 8GB"
    ),
    10: ("RTX 3080|RTX 3080 Lite Hash Rate"),
    11: ("GTX 1080 Ti|RTX 2080 Ti|RTX 2080 Ti Rev. A"),
    12: (
        "GTX TITAN X|TITAN X|TITAN Xp|TITAN V|Quadro K6000|Tesla K40m|Tesla K40c|Tesla K40t|"
        "Tesla K80|RTX 3060|RTX 3060 Lite Hash Rate|RTX 3080 Ti|RTX 4070|RTX 4070 SUPER|RTX 4070 Ti|"
        "RTX 4080 Max-Q / Mobile|RTX 4000 Ada Generation Laptop GPU|"
        "RTX 3500 Ada Generation Laptop GPU|RTX 5070|RTX 5070 Ti Mobile|"
        "RTX PRO 3000 Blackwell Generation Laptop GPU"
    ),
    16: (
        "Quadro P5000|Quadro GP100|Tesla T4|T4G|Tesla T10|Quadro RTX 5000|RTX A4000|RTX 4080|"
        "RTX 4080 SUPER|RTX 4070 Ti SUPER|RTX 2000 / 2000E Ada Generation|RTX 5070 Ti|RTX 5080|"
        "RTX 4090 Laptop GPU|RTX 3080 Ti Laptop GPU|RTX 5000 Ada Generation Laptop GPU|"
        "RTX 5080 Max-Q / Mobile|RTX A5500 Laptop GPU|RTX A4500 Laptop GPU|RTX PRO 2000 Blackwell|"
        "RTX PRO 4000 Blackwell Generation Laptop GPU"
    ),
    20: ("RTX A4500|RTX 4000 SFF Ada Generation|RTX 4000 Ada Generation"),
    24: (
        "Tesla P40|Tesla M40 24GB|Quadro P6000|Quadro RTX 6000|TITAN RTX|RTX 3090|RTX 3090 Ti|"
        "RTX A5000|RTX A5500|A10|A10G|A30 PCIe|L4|RTX 4090|RTX 4090 D|RTX 4500 Ada Generation|"
        "RTX 5090 Max-Q / Mobile|RTX PRO 4000 Blackwell|RTX PRO 4000 Blackwell SFF Edition|"
        "RTX PRO 5000 Blackwell Generation Laptop GPU|RTX 5090 D V2"
    ),
    32: (
        "Quadro GV100|RTX 5000 Ada Generation|RTX 5090|RTX 5090 D|RTX PRO 4500 Blackwell|"
        "RTX PRO 4500 Blackwell Server Edition"
    ),
    48: ("A40|RTX A6000|L40|L40S|L20|RTX 6000 Ada Generation|RTX 5880 Ada Generation"),
    80: ("H100 PCIe|H800 PCIe|A100X|H800"),
    96: (
        "H20|RTX PRO 6000 Blackwell Workstation Edition|"
        "RTX PRO 6000 Blackwell Max-Q Workstation Edition|RTX PRO 6000 Blackwell Server Edition"
    ),
    128: ("GB10|Jetson AGX Thor"),
    141: ("H200 NVL|H20 HBM3e"),
}
_LOOKUP = {name.lower(): size for size, names in _BY_NAME.items() for name in names.split("|")}


def memory_gb(name: str) -> str:
    """The product's memory in GiB as the vendor gives it ("24"); "" where the name does not settle it."""
    said = _IN_NAME.findall(name)
    if said:
        return said[0] if len(set(said)) == 1 else ""
    size = _LOOKUP.get(_plain(name))
    return "" if size is None else f"{size:g}"


def _plain(name: str) -> str:
    """``GeForce RTX 4090`` → ``rtx 4090``."""
    return re.sub(r"^(NVIDIA|GeForce)\s+", "", name, flags=re.IGNORECASE).lower()
