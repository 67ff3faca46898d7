"""In which words a person agrees that their voice is cloned, in each language, and the words that are drawn anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ENGLISH: Final = "en"
"""In which those agree whose language has no wording here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    statement: str
    """What is agreed to; `{words}` is where the words stand that are drawn anew for each phrase."""
    introduction: str
    """Stands before it where the speaker's name is known; `{name}` is where it goes."""
    published: str
    """OpenAI's published consent phrase for custom voices."""
    words: tuple[str, ...]
    """To draw from: everyday, of two syllables or more, none like another."""


def wording_of(language: str) -> tuple[str, Wording]:
    """The tag under which the wording is heard, and the wording; English for languages without their own."""
    primary = language.replace("_", "-").partition("-")[0].lower()
    return (language, WORDINGS[primary]) if primary in WORDINGS else (ENGLISH, WORDINGS[ENGLISH])


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text))


WORDINGS: Final[Mapping[str, Wording]] = {
    "en": Wording(
        statement="I am the owner of this voice, and I agree that Syrinx makes a synthetic voice from it. "
        "My words for today are {words}.",
        introduction="My name is {name}.",
        published="I am the owner of this voice and I consent to OpenAI using this voice to create a synthetic voice "
        "model.",
        words=_words(
            "garden window orange tiger summer kitchen mountain purple doctor number picture winter yellow breakfast "
            "finger island paper animal hospital telephone banana forest silver evening library chocolate captain "
            "elephant pocket holiday village camera husband dinner potato october market umbrella bicycle candle "
            "teacher river machine chicken hundred cotton travel november monkey sugar theater "
            "minister basket country hotel"
        ),
    ),
    "de": Wording(
        statement="Dies ist meine Stimme, und ich bin damit einverstanden, dass Syrinx daraus eine künstliche Stimme "
        "macht. Meine Wörter für heute sind {words}.",
        introduction="Ich heiße {name}.",
        published="Ich bin der Eigentümer dieser Stimme und bin damit einverstanden, dass OpenAI diese Stimme zur "
        "Erstellung eines synthetischen Stimmmodells verwendet.",
        words=_words(
            "Garten Fenster Orange Tiger Sommer Küche Kartoffel Lampe Doktor Nummer Winter Frühstück Finger Insel "
            "Papier Krankenhaus Telefon Banane Silber Abend Bibliothek Schokolade Kapitän Elefant Tasche Ferien "
            "Kamera Oktober Regenschirm Fahrrad Kerze Lehrer Maschine Hundert Zucker Theater Minister Hotel Brücke "
            "Wolke Zitrone Messer Schlüssel Teppich Gitarre Apfel Wasser Straße Flugzeug Bäcker Honig Donnerstag "
            "Pinguin Melone Koffer"
        ),
    ),
    "fr": Wording(
        statement="Cette voix est la mienne, et j'accepte que Syrinx en fasse une voix de synthèse. "
        "Mes mots pour aujourd'hui sont {words}.",
        introduction="Je m'appelle {name}.",
        published="Je suis le propriétaire de cette voix et j'autorise OpenAI à utiliser cette voix pour créer un "
        "modèle de voix synthétique.",
        words=_words(
            "jardin fenêtre orange tigre cuisine montagne docteur numéro hiver déjeuner papier animal hôpital "
            "téléphone banane argent bibliothèque chocolat capitaine éléphant poche vacances village caméra mari "
            "octobre marché parapluie bicyclette bougie professeur rivière machine poulet coton novembre "
            "sucre théâtre ministre crayon hôtel citron couteau guitare pomme avion boulanger jeudi pingouin valise "
            "melon château lapin musique dimanche"
        ),
    ),
    "es": Wording(
        statement="Esta voz es mía, y acepto que Syrinx haga de ella una voz sintética. "
        "Mis palabras de hoy son {words}.",
        introduction="Me llamo {name}.",
        published="Soy el propietario de esta voz y doy mi consentimiento para que OpenAI la utilice para crear un "
        "modelo de voz sintética.",
        words=_words(
            "jardín ventana naranja tigre verano cocina montaña doctor número invierno amarillo desayuno isla papel "
            "animal hospital teléfono plátano bosque martes tarde biblioteca chocolate capitán elefante bolsillo "
            "pueblo cámara marido octubre mercado paraguas bicicleta vela profesor máquina "
            "pollo algodón viaje noviembre azúcar teatro ministro cesta país limón cuchillo guitarra manzana avión "
            "jueves maleta"
        ),
    ),
    "it": Wording(
        statement="Questa voce è mia, e accetto che Syrinx ne faccia una voce sintetica. "
        "Le mie parole di oggi sono {words}.",
        introduction="Mi chiamo {name}.",
        published="Sono il proprietario di questa voce e acconsento che OpenAI la utilizzi per creare un modello di "
        "voce sintetica.",
        words=_words(
            "giardino finestra arancia tigre estate cucina montagna medico numero inverno giallo colazione isola "
            "carta animale ospedale telefono banana bosco argento biblioteca cioccolato capitano elefante tasca "
            "vacanza villaggio marito ottobre mercato ombrello bicicletta candela maestro fiume "
            "macchina pollo cotone farfalla novembre zucchero teatro ministro cestino albergo limone coltello chitarra "
            "mela giovedì pinguino valigia"
        ),
    ),
    "pt": Wording(
        statement="Esta voz é minha, e concordo que o Syrinx faça dela uma voz sintética. "
        "As minhas palavras de hoje são {words}.",
        introduction="Meu nome é {name}.",
        published="Eu sou o proprietário desta voz e autorizo o OpenAI a usá-la para criar um modelo de voz sintética.",
        words=_words(
            "jardim janela laranja tigre verão cozinha montanha doutor número inverno amarelo almoço dedo ilha papel "
            "animal hospital telefone banana floresta prata biblioteca chocolate capitão elefante bolso "
            "férias aldeia câmera marido outubro mercado bicicleta vela professor máquina frango "
            "algodão viagem novembro açúcar teatro ministro cesto hotel limão garfo guitarra maçã avião padeiro "
            "pinguim mala"
        ),
    ),
    "nl": Wording(
        statement="Dit is mijn stem, en ik ga ermee akkoord dat Syrinx er een kunstmatige stem van maakt. "
        "Mijn woorden voor vandaag zijn {words}.",
        introduction="Ik heet {name}.",
        published="Ik ben de eigenaar van deze stem en ik geef OpenAI toestemming om deze stem te gebruiken om een "
        "synthetisch stemmodel te maken.",
        words=_words(
            "venster oranje tijger zomer keuken heuvel dokter nummer winter ontbijt vinger eiland papier "
            "ziekenhuis telefoon banaan zilver avond bibliotheek chocolade kapitein olifant vakantie "
            "camera oktober paraplu fiets kaars leraar machine honderd suiker theater minister hotel brug citroen "
            "sleutel tapijt gitaar appel water vliegtuig bakker koekje donderdag pinguïn meloen koffer "
            "konijn muziek kasteel zondag rivier"
        ),
    ),
}
"""By primary tag."""
