"""How each language says what is written with signs: currencies, units, months, points and percents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWords:
    """The words of one language. Nouns are (singular, plural); `*` before a noun says that it is feminine."""

    decimal: str
    decimal_mark: str
    dot: str
    at: str
    to: str
    percent: str
    minus: str
    signs: dict[str, str]
    ampersand: str
    code_block: str
    months: tuple[str, ...]
    money: dict[str, tuple[str, str]]
    cents: dict[str, tuple[str, str]]
    money_join: str
    units: dict[str, tuple[str, str]]
    fractions: dict[str, str]


def _nouns(table: str) -> dict[str, tuple[str, str]]:
    """`km=kilometre/kilometres; °C=...` as a table; a noun without a plural is its own."""
    nouns: dict[str, tuple[str, str]] = {}
    for entry in table.split(";"):
        keys, _, words = entry.strip().partition("=")
        one, _, many = words.partition("/")
        for key in keys.split(","):
            nouns[key] = (one, many or one)
    return nouns


def _signs(words: str) -> dict[str, str]:
    return dict(zip("+−×÷=≈<>≤≥", (word.strip() for word in words.split(",")), strict=True))


def _fractions(words: str) -> dict[str, str]:
    return dict(zip(("1/2", "1/3", "2/3", "1/4", "3/4"), (word.strip() for word in words.split(",")), strict=True))


_TABLES: Final[dict[str, dict[str, str]]] = {
    "en": {
        "words": "point,.,dot,at,to,percent,minus,and,Code block.",
        "signs": "plus,minus,times,divided by,equals,is about,is less than,is greater than,is at most,is at least",
        "months": "January February March April May June July August September October November December",
        "money": "$=dollar/dollars;€=euro/euros;£=pound/pounds;¥=yen;₹=rupee/rupees",
        "cents": "$=cent/cents;€=cent/cents;£=penny/pence;₹=paisa/paise",
        "money_join": " and ",
        "units": "km=kilometre/kilometres;m=metre/metres;cm=centimetre/centimetres;mm=millimetre/millimetres;"
        "kg=kilogram/kilograms;g=gram/grams;mg=milligram/milligrams;l,L=litre/litres;ml,mL=millilitre/millilitres;"
        "°C=degree Celsius/degrees Celsius;°F=degree Fahrenheit/degrees Fahrenheit;°=degree/degrees;"
        "km/h,kph=kilometre per hour/kilometres per hour;mph=mile per hour/miles per hour;mi=mile/miles;ft=foot/feet;"
        "lb,lbs=pound/pounds;oz=ounce/ounces;KB,kB=kilobyte/kilobytes;MB=megabyte/megabytes;GB=gigabyte/gigabytes;"
        "TB=terabyte/terabytes;ms=millisecond/milliseconds;s=second/seconds;min=minute/minutes;h=hour/hours;"
        "Hz=hertz;kHz=kilohertz;MHz=megahertz;GHz=gigahertz;W=watt/watts;kW=kilowatt/kilowatts;"
        "kWh=kilowatt hour/kilowatt hours;V=volt/volts;m²=square metre/square metres;m³=cubic metre/cubic metres;"
        "km²=square kilometre/square kilometres;dB=decibel/decibels;kcal=kilocalorie/kilocalories",
        "fractions": "one half,one third,two thirds,one quarter,three quarters",
    },
    "es": {
        "words": "coma;,;punto;arroba;a;por ciento;menos;y;Bloque de código.",
        "signs": "más,menos,por,entre,igual a,aproximadamente,menor que,mayor que,como máximo,como mínimo",
        "months": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "money": "$=dólar/dólares;€=euro/euros;£=*libra/libras;¥=yen/yenes;₹=*rupia/rupias",
        "cents": "$=centavo/centavos;€=céntimo/céntimos;£=penique/peniques",
        "money_join": " con ",
        "units": "km=kilómetro/kilómetros;m=metro/metros;cm=centímetro/centímetros;mm=milímetro/milímetros;"
        "kg=kilo/kilos;g=gramo/gramos;mg=miligramo/miligramos;l,L=litro/litros;ml=mililitro/mililitros;"
        "°C=grado/grados;°F=grado Fahrenheit/grados Fahrenheit;°=grado/grados;"
        "km/h=kilómetro por hora/kilómetros por hora;"
        "KB,kB=kilobyte/kilobytes;MB=megabyte/megabytes;GB=gigabyte/gigabytes;TB=terabyte/terabytes;"
        "ms=milisegundo/milisegundos;s=segundo/segundos;min=minuto/minutos;h=*hora/horas;Hz=hercio/hercios;"
        "kW=kilovatio/kilovatios;W=vatio/vatios;V=voltio/voltios;m²=metro cuadrado/metros cuadrados",
        "fractions": "un medio,un tercio,dos tercios,un cuarto,tres cuartos",
    },
    "fr": {
        "words": "virgule;,;point;arobase;à;pour cent;moins;et;Bloc de code.",
        "signs": "plus,moins,fois,divisé par,égale,environ,inférieur à,supérieur à,au plus,au moins",
        "months": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "money": "$=dollar/dollars;€=euro/euros;£=*livre/livres;¥=yen/yens;₹=*roupie/roupies",
        "cents": "$=cent/cents;€=centime/centimes;£=penny/pence",
        "money_join": " et ",
        "units": "km=kilomètre/kilomètres;m=mètre/mètres;cm=centimètre/centimètres;mm=millimètre/millimètres;"
        "kg=kilo/kilos;g=gramme/grammes;mg=milligramme/milligrammes;l,L=litre/litres;ml=millilitre/millilitres;"
        "°C=degré/degrés;°F=degré Fahrenheit/degrés Fahrenheit;°=degré/degrés;km/h=kilomètre heure/kilomètres heure;"
        "Ko,KB,kB=kilooctet/kilooctets;Mo,MB=mégaoctet/mégaoctets;Go,GB=gigaoctet/gigaoctets;To,TB=téraoctet/téraoctets;"
        "ms=milliseconde/millisecondes;s=*seconde/secondes;min=*minute/minutes;h=*heure/heures;Hz=hertz;"
        "kW=kilowatt/kilowatts;W=watt/watts;V=volt/volts;m²=mètre carré/mètres carrés",
        "fractions": "un demi,un tiers,deux tiers,un quart,trois quarts",
    },
    "de": {
        "words": "Komma;,;Punkt;ät;bis;Prozent;minus;und;Codeblock.",
        "signs": "plus,minus,mal,geteilt durch,gleich,ungefähr,kleiner als,größer als,höchstens,mindestens",
        "months": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "money": "$=Dollar;€=Euro;£=Pfund;¥=Yen;₹=*Rupie/Rupien",
        "cents": "$=Cent;€=Cent;£=Penny/Pence",
        "money_join": " ",
        "units": "km=Kilometer;m=Meter;cm=Zentimeter;mm=Millimeter;kg=Kilogramm;g=Gramm;mg=Milligramm;l,L=Liter;"
        "ml=Milliliter;°C=Grad Celsius;°F=Grad Fahrenheit;°=Grad;km/h=Stundenkilometer;KB,kB=Kilobyte;MB=Megabyte;"
        "GB=Gigabyte;TB=Terabyte;ms=*Millisekunde/Millisekunden;s=*Sekunde/Sekunden;min=*Minute/Minuten;"
        "h=*Stunde/Stunden;Hz=Hertz;kW=Kilowatt;W=Watt;V=Volt;m²=Quadratmeter",
        "fractions": "ein halb,ein Drittel,zwei Drittel,ein Viertel,drei Viertel",
    },
    "it": {
        "words": "virgola;,;punto;chiocciola;a;per cento;meno;e;Blocco di codice.",
        "signs": "più,meno,per,diviso,uguale,circa,minore di,maggiore di,al massimo,almeno",
        "months": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "money": "$=dollaro/dollari;€=euro;£=*sterlina/sterline;¥=yen;₹=*rupia/rupie",
        "cents": "$=centesimo/centesimi;€=centesimo/centesimi;£=penny/pence",
        "money_join": " e ",
        "units": "km=chilometro/chilometri;m=metro/metri;cm=centimetro/centimetri;mm=millimetro/millimetri;"
        "kg=chilo/chili;g=grammo/grammi;mg=milligrammo/milligrammi;l,L=litro/litri;ml=millilitro/millilitri;"
        "°C=grado/gradi;°F=grado Fahrenheit/gradi Fahrenheit;°=grado/gradi;km/h=chilometro orario/chilometri orari;"
        "KB,kB=kilobyte;MB=megabyte;GB=gigabyte;TB=terabyte;ms=millisecondo/millisecondi;s=secondo/secondi;"
        "min=minuto/minuti;h=*ora/ore;Hz=hertz;kW=chilowatt;W=watt;V=volt;m²=metro quadro/metri quadri",
        "fractions": "un mezzo,un terzo,due terzi,un quarto,tre quarti",
    },
    "pt": {
        "words": "vírgula;,;ponto;arroba;a;por cento;menos;e;Bloco de código.",
        "signs": "mais,menos,vezes,dividido por,igual a,aproximadamente,menor que,maior que,no máximo,no mínimo",
        "months": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "money": "R$=real/reais;$=dólar/dólares;€=euro/euros;£=*libra/libras;¥=iene/ienes;₹=*rupia/rupias",
        "cents": "R$=centavo/centavos;$=centavo/centavos;€=cêntimo/cêntimos;£=centavo/centavos",
        "money_join": " e ",
        "units": "km=quilómetro/quilómetros;m=metro/metros;cm=centímetro/centímetros;mm=milímetro/milímetros;"
        "kg=quilo/quilos;g=grama/gramas;mg=miligrama/miligramas;l,L=litro/litros;ml=mililitro/mililitros;"
        "°C=grau/graus;°F=grau Fahrenheit/graus Fahrenheit;°=grau/graus;km/h=quilómetro por hora/quilómetros por hora;"
        "KB,kB=kilobyte/kilobytes;MB=megabyte/megabytes;GB=gigabyte/gigabytes;TB=terabyte/terabytes;"
        "ms=milissegundo/milissegundos;s=segundo/segundos;min=minuto/minutos;h=*hora/horas;Hz=hertz;"
        "kW=quilowatt/quilowatts;W=watt/watts;V=volt/volts;m²=metro quadrado/metros quadrados",
        "fractions": "um meio,um terço,dois terços,um quarto,três quartos",
    },
    "zh": {
        "words": "点;.;点;艾特;到;百分之;负;和;代码块。",
        "signs": "加,减,乘以,除以,等于,约等于,小于,大于,小于等于,大于等于",
        "months": "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月",
        "money": "$=美元;€=欧元;£=英镑;¥,￥=元;₹=卢比",
        "cents": "$=美分;€=欧分;£=便士",
        "money_join": "",
        "units": "km=公里;m=米;cm=厘米;mm=毫米;kg=公斤;g=克;mg=毫克;l,L=升;ml=毫升;"
        "°C=摄氏度;°F=华氏度;°=度;km/h=公里每小时;"
        "KB,kB=千字节;MB=兆字节;GB=吉字节;TB=太字节;ms=毫秒;s=秒;min=分钟;h=小时;Hz=赫兹;kW=千瓦;W=瓦;V=伏;m²=平方米",
        "fractions": "二分之一,三分之一,三分之二,四分之一,四分之三",
    },
    "ja": {
        "words": "点;.;ドット;アットマーク;から;パーセント;マイナス;と;コードブロック。",
        "signs": "たす,ひく,かける,わる,イコール,およそ,小なり,大なり,以下,以上",
        "months": "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月",
        "money": "$=ドル;€=ユーロ;£=ポンド;¥,￥=円;₹=ルピー",
        "cents": "$=セント;€=セント;£=ペンス",
        "money_join": "",
        "units": "km=キロメートル;m=メートル;cm=センチメートル;mm=ミリメートル;kg=キログラム;g=グラム;mg=ミリグラム;"
        "l,L=リットル;ml=ミリリットル;°C=度;°F=華氏度;°=度;km/h=キロメートル毎時;KB,kB=キロバイト;MB=メガバイト;GB=ギガバイト;TB=テラバイト;"
        "ms=ミリ秒;s=秒;min=分;h=時間;Hz=ヘルツ;kW=キロワット;W=ワット;V=ボルト;m²=平方メートル",
        "fractions": "二分の一,三分の一,三分の二,四分の一,四分の三",
    },
    "hi": {
        "words": "दशमलव;.;डॉट;ऐट;से;प्रतिशत;ऋण;और;कोड ब्लॉक।",
        "signs": "जमा,घटा,गुणा,भाग,बराबर,लगभग,से कम,से अधिक,अधिक से अधिक,कम से कम",
        "months": "जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
        "money": "₹=रुपया/रुपये;$=डॉलर;€=यूरो;£=पाउंड;¥=येन",
        "cents": "₹=पैसा/पैसे;$=सेंट;€=सेंट;£=पेंस",
        "money_join": " और ",
        "units": "km=किलोमीटर;m=मीटर;cm=सेंटीमीटर;mm=मिलीमीटर;kg=किलो;g=ग्राम;mg=मिलीग्राम;l,L=लीटर;ml=मिलीलीटर;"
        "°C=डिग्री सेल्सियस;°F=डिग्री फ़ारेनहाइट;°=डिग्री;km/h=किलोमीटर प्रति घंटा;KB,kB=किलोबाइट;MB=मेगाबाइट;GB=गीगाबाइट;"
        "TB=टेराबाइट;ms=मिलीसेकंड;s=सेकंड;min=मिनट;h=घंटा/घंटे;Hz=हर्ट्ज़;kW=किलोवाट;W=वाट;V=वोल्ट;m²=वर्ग मीटर",
        "fractions": "आधा,एक तिहाई,दो तिहाई,एक चौथाई,तीन चौथाई",
    },
}


@cache
def spoken_words(language: str) -> SpokenWords | None:
    """The words of a language given by its primary subtag; None for one that has no table here."""
    table = _TABLES.get(language)
    if table is None:
        return None
    words = table["words"]
    decimal, mark, dot, at, to, percent, minus, ampersand, code_block = words.split(";" if ";" in words else ",")
    return SpokenWords(
        decimal=decimal,
        decimal_mark=mark,
        dot=dot,
        at=at,
        to=to,
        percent=percent,
        minus=minus,
        signs=_signs(table["signs"]),
        ampersand=ampersand,
        code_block=code_block,
        months=tuple(table["months"].split()),
        money=_nouns(table["money"]),
        cents=_nouns(table["cents"]),
        money_join=table["money_join"],
        units=_nouns(table["units"]),
        fractions=_fractions(table["fractions"]),
    )
