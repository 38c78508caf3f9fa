package org.openkas.house;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The floors of the house: who may know whom, and why. */
class FloorsTest {
    private static final String BASE = "org.openkas.";

    /** Rooms from the ground up; a room may use all rooms on lower floors. */
    private static final List<Set<String>> FLOORS = List.of(
            Set.of("common", "config", "tracing", "message", "net", "websocket", "jwt", "grpc"),
            Set.of("cluster"),
            Set.of("gitlab", "repository", "gitaly", "jgit", "standalone", "usage"),
            Set.of("agentconfiguration", "agentregistrar", "agenttracker", "configurationproject", "gitops", "flux", "gitlabaccess",
                    "notifications",
                    "serverinfo", "usagemetrics", "kubernetesaccess", "reversetunnel", "routing", "watch",
                    "jobrouter"),
            Set.of("diagnosis"), Set.of("agentapi", "agentendpoint", "railsapi", "kubernetesapi", "privateapi", "console", "observability",
                    "telemetry"),
            Set.of("app", "cli", "demo"));

    /** Rooms of one floor that may know each other all the same. */
    private static final Map<String, Set<String>> NEIGHBOURS = new TreeMap<>(
            Map.ofEntries(Map.entry("config", Set.of("common")), Map.entry("message", Set.of("common", "config")),
                    Map.entry("net", Set.of("common", "config")),
                    Map.entry("websocket", Set.of("common", "config")), Map.entry("jwt", Set.of("common", "config")),
                    Map.entry("grpc", Set.of("common", "config", "message", "net", "websocket", "tracing")),
                    Map.entry("gitaly", Set.of("repository")),
                    Map.entry("jgit", Set.of("repository")), Map.entry("standalone", Set.of("gitlab", "repository")),
                    Map.entry("routing", Set.of("reversetunnel")),
                    Map.entry("agentendpoint", Set.of("agentapi")), Map.entry("app", Set.of("demo"))));

    private static JavaClasses house;

    @BeforeAll
    static void look() {
        house = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("org.openkas");
    }

    @Test
    void aRoomKnowsOnlyLowerFloors() {
        classes().that().resideInAPackage("org.openkas..").and().resideOutsideOfPackage("org.openkas.proto..").should(knowOnlyLowerFloors())
                .because("a room that knows only what lies below it can be read, tested and replaced without the rest of the house;"
                        + " rooms of one floor tell each other things through ports of a lower one")
                .check(house);
    }

    @Test
    void onlyTheUpperFloorsKnowThePlatform() {
        noClasses().that().resideOutsideOfPackages(packages(5, 6)).should().dependOnClassesThat()
                .resideInAnyPackage("jakarta.servlet..", "jakarta.websocket..", "jakarta.enterprise..", "jakarta.ws..",
                        "org.eclipse.microprofile..")
                .because("what lies below the fronts must run and be tested without an application server").check(house);
    }

    @Test
    void theLauncherKnowsNoApplicationServer() {
        noClasses().that().resideInAPackage("org.openkas.cli..").should().dependOnClassesThat()
                .resideInAnyPackage("jakarta..", "org.eclipse.microprofile..")
                .because("the command line runs on the plain class path, before and beside the server").check(house);
    }

    @Test
    void roomsAreFlatAndKnown() {
        Set<String> rooms = house.stream().map(FloorsTest::room).flatMap(Optional::stream).collect(Collectors.toSet());
        assertThat(rooms).as("every package below org.openkas is a room with a place on a floor of this test").allSatisfy(
                room -> assertThat(floor(room)).as("floor of room %s", room).isNotNegative());
    }

    private static ArchCondition<JavaClass> knowOnlyLowerFloors() {
        return new ArchCondition<>("know only rooms on lower floors") {
            @Override
            public void check(JavaClass user, ConditionEvents events) {
                String from = room(user).orElseThrow();
                user.getDirectDependenciesFromSelf().forEach(dependency -> room(dependency.getTargetClass()).filter(to -> !mayUse(from, to))
                        .ifPresent(to -> events.add(SimpleConditionEvent.violated(user, dependency.getDescription()))));
            }
        };
    }

    private static boolean mayUse(String from, String to) {
        return from.equals(to) || floor(to) < floor(from) || NEIGHBOURS.getOrDefault(from, Set.of()).contains(to);
    }

    private static int floor(String room) {
        for (int floor = 0; floor < FLOORS.size(); floor++) {
            if (FLOORS.get(floor).contains(room)) {
                return floor;
            }
        }
        return -1;
    }

    /** The room of a class of ours; generated messages belong to none. */
    private static Optional<String> room(JavaClass type) {
        String name = type.getPackageName();
        if (!name.startsWith(BASE) || name.startsWith(BASE + "proto")) {
            return Optional.empty();
        }
        return Optional.of(name.substring(BASE.length()));
    }

    private static String[] packages(int... floors) {
        return java.util.Arrays.stream(floors).mapToObj(FLOORS::get).flatMap(Set::stream).map(room -> BASE + room + "..")
                .toArray(String[]::new);
    }
}
