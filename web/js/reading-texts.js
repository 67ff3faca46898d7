// What is read aloud for a recording, in the reader's language: about half a minute, with every sound of it.

import { primary } from "./options.js";

const TEXTS = {
  en: "When the sunlight strikes raindrops in the air, they act as a prism and form a rainbow. People look at it from the window, the children first, and then somebody puts the kettle on. I like those quiet minutes: nothing is urgent, the street smells of wet leaves, and the neighbour’s dog jumps over the same puddle twice. Would you have noticed? I usually measure an afternoon by such small things.",
  de: "Wenn die Sonne auf Regentropfen fällt, entsteht ein Regenbogen, und für einen Augenblick bleibt jeder am Fenster stehen. Zuerst kommen die Kinder, dann setzt jemand Wasser für den Tee auf. Ich mag diese ruhigen Minuten: Nichts ist eilig, die Straße riecht nach nassem Laub, und der Hund von gegenüber springt zweimal über dieselbe Pfütze. Hättest du das bemerkt? An solchen Kleinigkeiten messe ich meistens einen Nachmittag.",
  fr: "Quand le soleil traverse les gouttes de pluie, un arc-en-ciel apparaît et chacun s’arrête un instant à la fenêtre. Les enfants arrivent les premiers, puis quelqu’un met de l’eau à chauffer pour le thé. J’aime ces minutes tranquilles : rien ne presse, la rue sent les feuilles mouillées, et le chien du voisin saute deux fois la même flaque. L’aviez-vous remarqué ? C’est à ces petites choses que je mesure un après-midi.",
  es: "Cuando el sol atraviesa las gotas de lluvia aparece un arcoíris, y por un momento todos se quedan junto a la ventana. Primero llegan los niños, y luego alguien pone agua para el té. Me gustan esos minutos tranquilos: nada corre prisa, la calle huele a hojas mojadas y el perro del vecino salta dos veces el mismo charco. ¿Te habías dado cuenta? Con esas cosas pequeñas suelo medir una tarde.",
  it: "Quando il sole attraversa le gocce di pioggia nasce un arcobaleno, e per un attimo tutti si fermano alla finestra. Prima arrivano i bambini, poi qualcuno mette a scaldare l’acqua per il tè. Mi piacciono questi minuti tranquilli: niente ha fretta, la strada profuma di foglie bagnate e il cane del vicino salta due volte la stessa pozzanghera. L’avevi notato? Da cose così piccole misuro di solito un pomeriggio.",
  pt: "Quando o sol atravessa as gotas de chuva forma-se um arco-íris, e por um momento todos param à janela. Primeiro chegam as crianças, depois alguém põe a água do chá ao lume. Gosto destes minutos tranquilos: nada é urgente, a rua cheira a folhas molhadas e o cão do vizinho salta duas vezes a mesma poça. Tinha reparado? É por estas pequenas coisas que costumo medir uma tarde.",
  nl: "Als de zon door de regendruppels schijnt, ontstaat er een regenboog en blijft iedereen even voor het raam staan. Eerst komen de kinderen, dan zet iemand water op voor de thee. Ik houd van die rustige minuten: niets heeft haast, de straat ruikt naar natte bladeren en de hond van de buren springt twee keer over dezelfde plas. Had je het gemerkt? Aan zulke kleine dingen meet ik meestal een middag af.",
};
const IN_OWN_WORDS = "Tell, in your own words and for about half a minute, what you did this morning: where you were, whom you met, and what you would do otherwise.";

export function readingText(language) {
  return TEXTS[primary(language)] ?? IN_OWN_WORDS;
}
