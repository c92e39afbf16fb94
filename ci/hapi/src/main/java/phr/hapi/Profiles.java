package phr.hapi;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import java.util.List;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.StructureDefinition;

/**
 * R4's own profiles with the one correction that HL7's validator makes when it reads them.
 *
 * <p>Rule vs-1 asks that the time of a vital sign be known to the day. As published, its expression
 * refuses every Period ({@code ($this as dateTime).toString().length() >= 8}), which its text does
 * not. HAPI takes the profiles as published, so the correction of
 * {@code org.hl7.fhir.r5.conformance.StructureDefinitionHacker} is made here.
 */
final class Profiles extends DefaultProfileValidationSupport {
  private static final String RULE = "vs-1";
  private static final String CORRECTED = "$this is dateTime implies $this.toString().length() >= 10";

  Profiles(FhirContext fhir) {
    super(fhir);
  }

  @Override
  public IBaseResource fetchStructureDefinition(String url) {
    var profile = super.fetchStructureDefinition(url);
    correct(profile);
    return profile;
  }

  @Override
  public <T extends IBaseResource> List<T> fetchAllStructureDefinitions() {
    List<T> profiles = super.fetchAllStructureDefinitions();
    profiles.forEach(Profiles::correct);
    return profiles;
  }

  private static void correct(IBaseResource resource) {
    if (resource instanceof StructureDefinition profile && profile.getType().equals("Observation")) {
      profile.getSnapshot().getElement().stream()
          .flatMap(element -> element.getConstraint().stream())
          .filter(rule -> rule.getKey().equals(RULE))
          .forEach(rule -> rule.setExpression(CORRECTED));
    }
  }
}
