package phr.hapi;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings.ClientIdStrategyEnum;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.binary.api.IBinaryStorageSvc;
import ca.uhn.fhir.jpa.binstore.DatabaseBinaryContentStorageSvcImpl;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.JpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirPostgresDialect;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import jakarta.persistence.EntityManagerFactory;
import java.util.Properties;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

/** HAPI's JPA layer for R4 on the chosen database, strict where a careful operator would be. */
@Configuration
@Import({
  JpaR4Config.class,
  HapiJpaConfig.class,
  JpaBatch2Config.class,
  ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig.class,
  SubscriptionChannelConfig.class,
  ThreadPoolFactoryConfig.class
})
class Storage {
  private static final int CONNECTIONS = 20;

  @Bean
  JpaStorageSettings storageSettings(Settings settings) {
    var storage = new JpaStorageSettings();
    // A reference must lead to something that is there: finds what is sent in the wrong order.
    storage.setEnforceReferentialIntegrityOnWrite(true);
    storage.setEnforceReferentialIntegrityOnDelete(true);
    storage.setAutoCreatePlaceholderReferenceTargets(false);
    storage.setResourceClientIdStrategy(
        settings.assignsIds() ? ClientIdStrategyEnum.NOT_ALLOWED : ClientIdStrategyEnum.ALPHANUMERIC);
    // A search tells what is there now, not what was there a minute ago.
    storage.setReuseCachedSearchResultsForMillis(null);
    storage.setAllowMultipleDelete(true);
    storage.setExpungeEnabled(true);
    storage.setDeleteExpungeEnabled(true);
    storage.setPreExpandValueSets(false);
    storage.setEnableTaskPreExpandValueSets(false);
    return storage;
  }

  /** In place of HAPI's bean of this name. */
  @Bean(JpaConfig.DEFAULT_PROFILE_VALIDATION_SUPPORT)
  DefaultProfileValidationSupport profiles(FhirContext fhir) {
    return new Profiles(fhir);
  }

  @Bean
  PartitionSettings partitionSettings() {
    return new PartitionSettings();
  }

  @Bean
  SubscriptionSettings subscriptionSettings() {
    return new SubscriptionSettings();
  }

  @Bean
  IBinaryStorageSvc binaryStorage() {
    return new DatabaseBinaryContentStorageSvcImpl();
  }

  @Bean(destroyMethod = "close")
  BasicDataSource dataSource(Settings settings) {
    var source = new BasicDataSource();
    source.setUrl(settings.database());
    source.setMaxTotal(CONNECTIONS);
    source.setMaxIdle(CONNECTIONS);
    return source;
  }

  @Bean
  LocalContainerEntityManagerFactoryBean entityManagerFactory(
      DataSource source,
      Settings settings,
      ConfigurableListableBeanFactory beans,
      FhirContext fhir,
      JpaStorageSettings storage) {
    var factory = HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, fhir, storage);
    factory.setPersistenceUnitName("hapi");
    factory.setDataSource(source);
    factory.setJpaProperties(hibernate(settings));
    return factory;
  }

  @Bean
  JpaTransactionManager transactionManager(EntityManagerFactory factory) {
    return new JpaTransactionManager(factory);
  }

  private static Properties hibernate(Settings settings) {
    var dialect = settings.isPostgres() ? HapiFhirPostgresDialect.class : HapiFhirH2Dialect.class;
    var properties = new Properties();
    properties.put("hibernate.dialect", dialect.getName());
    properties.put("hibernate.hbm2ddl.auto", "update");
    properties.put("hibernate.search.enabled", "false");
    // What HAPI recommends for its way of writing many rows at once.
    properties.put("hibernate.jdbc.batch_size", "20");
    properties.put("hibernate.order_inserts", "true");
    properties.put("hibernate.order_updates", "true");
    return properties;
  }
}
