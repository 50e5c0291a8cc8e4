BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE approvals (
	id VARCHAR NOT NULL, 
	deployment_id VARCHAR NOT NULL, 
	plan_hash VARCHAR NOT NULL, 
	decision VARCHAR NOT NULL, 
	approver VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	checklist JSON NOT NULL, 
	decided_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	CONSTRAINT pk_approvals PRIMARY KEY (id), 
	CONSTRAINT fk_approvals_deployment_id FOREIGN KEY(deployment_id) REFERENCES deployments (id)
);
INSERT INTO "approvals" VALUES('id-5','id-4','5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f','approved','Ann','works on staging','{"tried": true}','2026-03-01 12:02:00.000000','2026-03-01 20:02:00.000000');
CREATE TABLE audit (
	sequence INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	actor VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	details JSON NOT NULL, 
	previous_hash VARCHAR NOT NULL, 
	hash VARCHAR NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (sequence)
);
INSERT INTO "audit" VALUES(1,'2026-03-01 12:00:00.000000','tidegate','release.recorded','release/id-1','{"stack": "cloudlens", "version": "v1.0.0", "commit": "76312e302e300000000000000000000000000000", "images": {"backend": "sha256:v1.0.0"}, "config_hash": "c1"}','0000000000000000000000000000000000000000000000000000000000000000','a605100abe6833b3536ce66e5d56581432f2fe4e6523b93c8b8db22c6a937ad7');
INSERT INTO "audit" VALUES(2,'2026-03-01 12:00:00.000000','mei','deployment.opened','deployment/prod/cloudlens/1','{"key": "release/run-1/prod", "kind": "release", "release_id": "id-1", "origin_id": null, "rollback_target_id": null, "plan_hash": null, "run_id": "run-1"}','a605100abe6833b3536ce66e5d56581432f2fe4e6523b93c8b8db22c6a937ad7','90712aa272c6e607a0089735742c52b94cbb0d61a29949698a2ce42c58d6539b');
INSERT INTO "audit" VALUES(3,'2026-03-01 12:00:00.000000','mei','deployment.moved','deployment/prod/cloudlens/1','{"old": "planned", "new": "changing", "reason": "test"}','90712aa272c6e607a0089735742c52b94cbb0d61a29949698a2ce42c58d6539b','07da13dd1b845859f9a5e91fbcafba7d1e75f12cb9c3a947c87ab5bac8a072bd');
INSERT INTO "audit" VALUES(4,'2026-03-01 12:00:00.000000','mei','deployment.moved','deployment/prod/cloudlens/1','{"old": "changing", "new": "watching", "reason": "test"}','07da13dd1b845859f9a5e91fbcafba7d1e75f12cb9c3a947c87ab5bac8a072bd','24778d409d7f21295ccf418ae01cc5b5c7bd7fa7e9b40ea2b99afa7df4f1d278');
INSERT INTO "audit" VALUES(5,'2026-03-01 12:00:00.000000','mei','deployment.moved','deployment/prod/cloudlens/1','{"old": "watching", "new": "good", "reason": "test"}','24778d409d7f21295ccf418ae01cc5b5c7bd7fa7e9b40ea2b99afa7df4f1d278','7650ac489824371ec64efb5b3174e38e053d3ec21fea7546f5a18d94b053420a');
INSERT INTO "audit" VALUES(6,'2026-03-01 12:01:00.000000','tidegate','release.recorded','release/id-3','{"stack": "cloudlens", "version": "v1.1.0", "commit": "76312e312e300000000000000000000000000000", "images": {"backend": "sha256:v1.1.0"}, "config_hash": "c1"}','7650ac489824371ec64efb5b3174e38e053d3ec21fea7546f5a18d94b053420a','8ad52828be660316b235e9c4c3d6501e82777a5acb6392fb883168c841ec20d9');
INSERT INTO "audit" VALUES(7,'2026-03-01 12:01:00.000000','mei','deployment.opened','deployment/prod/cloudlens/2','{"key": "release/run-2/prod", "kind": "release", "release_id": "id-3", "origin_id": null, "rollback_target_id": null, "plan_hash": null, "run_id": "run-2"}','8ad52828be660316b235e9c4c3d6501e82777a5acb6392fb883168c841ec20d9','ad78abde91d4f74bc8cf5b345cde8056dc51be9700fe300b8b96665922200818');
INSERT INTO "audit" VALUES(8,'2026-03-01 12:01:00.000000','mei','deployment.moved','deployment/prod/cloudlens/2','{"old": "planned", "new": "waiting", "reason": "test"}','ad78abde91d4f74bc8cf5b345cde8056dc51be9700fe300b8b96665922200818','7dab9a884f3b2671aa0ea42f33b5ff22cc103c3a46cf564e3a687beea2e76be0');
INSERT INTO "audit" VALUES(9,'2026-03-01 12:02:00.000000','tidegate','deployment.amended','deployment/prod/cloudlens/2','{"plan_hash": "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f", "rollback_target_id": "id-2", "figures": {"traffic": {"failed": 0, "total": 250}}}','7dab9a884f3b2671aa0ea42f33b5ff22cc103c3a46cf564e3a687beea2e76be0','5e9693d26f1b9ef888ca89fa8944a12ffab5b8dee7f7a5ed5aca85f50d55522d');
INSERT INTO "audit" VALUES(10,'2026-03-01 12:02:00.000000','Ann','plan.approved','approval/id-5','{"deployment_id": "id-4", "plan_hash": "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f", "reason": "works on staging", "checklist": {"tried": true}, "expires_at": "2026-03-01T20:02:00+00:00"}','5e9693d26f1b9ef888ca89fa8944a12ffab5b8dee7f7a5ed5aca85f50d55522d','d1a9da18bd97840c1dd73aa88c5c2ca5993b09ba352f2ea61a859e6e03917049');
INSERT INTO "audit" VALUES(11,'2026-03-01 12:02:00.000000','release/run-2/prod','lock.taken','lock/prod/cloudlens','{"fence": 1, "ttl_seconds": 30, "taken_from": null}','d1a9da18bd97840c1dd73aa88c5c2ca5993b09ba352f2ea61a859e6e03917049','e556ffdec07fa33c692ad9bed8bf46c688a846045b50c154498f7b637a24babc');
INSERT INTO "audit" VALUES(12,'2026-03-01 12:02:00.000000','Ann','deployment.moved','deployment/prod/cloudlens/2','{"old": "waiting", "new": "changing", "reason": "approved"}','e556ffdec07fa33c692ad9bed8bf46c688a846045b50c154498f7b637a24babc','fc7b396af08777cac91900445c129d768b2012b49163a66c0bae2cb81045cd30');
INSERT INTO "audit" VALUES(13,'2026-03-01 12:02:00.000000','tidegate','step.begun','step/prod/cloudlens/2/back-up','{"attempt": 1, "intent": {"version": "v1.1.0"}, "fence": 1}','fc7b396af08777cac91900445c129d768b2012b49163a66c0bae2cb81045cd30','6bfcc75471f960252b0b7ea4b3c6d869d8cf4bded1ea7342a31acbe29d10dac8');
INSERT INTO "audit" VALUES(14,'2026-03-01 12:02:00.000000','tidegate','step.failed','step/prod/cloudlens/2/back-up','{"attempt": 1, "evidence": {}, "error": "disk full"}','6bfcc75471f960252b0b7ea4b3c6d869d8cf4bded1ea7342a31acbe29d10dac8','13a9a1c5d4d1c5914903d41eb3c1b6cbdde67600d56aa1abe8b244c7c80c31ef');
INSERT INTO "audit" VALUES(15,'2026-03-01 12:02:01.000000','tidegate','step.begun','step/prod/cloudlens/2/back-up','{"attempt": 2, "intent": {"version": "v1.1.0"}, "fence": 1}','13a9a1c5d4d1c5914903d41eb3c1b6cbdde67600d56aa1abe8b244c7c80c31ef','911a28dad6ce82d03d061e04a8730ce6230e675039e324ad37a1084aeb8d290f');
INSERT INTO "audit" VALUES(16,'2026-03-01 12:02:01.000000','tidegate','step.done','step/prod/cloudlens/2/back-up','{"attempt": 2, "evidence": {"made": true, "seconds": 1.5}, "error": null}','911a28dad6ce82d03d061e04a8730ce6230e675039e324ad37a1084aeb8d290f','e38161f6187b9e5d6afa842d49235e6278ed33b25c07d6dff58735433148346b');
INSERT INTO "audit" VALUES(17,'2026-03-01 12:02:01.000000','tidegate','backup.recorded','backup/b1','{"stack": "cloudlens", "environment": "prod", "deployment_id": "id-4", "sha256": "abababababababababababababababababababababababababababababababab", "size": 5000000000, "verified": true}','e38161f6187b9e5d6afa842d49235e6278ed33b25c07d6dff58735433148346b','d9294c9337f87138300ad8319fa592cfb48fd5f8e472436f3a146e51cf395aa3');
INSERT INTO "audit" VALUES(18,'2026-03-01 12:02:10.000000','Ann','deployment.moved','deployment/prod/cloudlens/2','{"old": "changing", "new": "watching", "reason": "switched"}','d9294c9337f87138300ad8319fa592cfb48fd5f8e472436f3a146e51cf395aa3','090e54094282fdc5bdbe35e4f33ef2de4b06e57880b6e1adf2866b50989f4dfb');
INSERT INTO "audit" VALUES(19,'2026-03-01 12:02:10.000000','Ann','deployment.moved','deployment/prod/cloudlens/2','{"old": "watching", "new": "good", "reason": "watched"}','090e54094282fdc5bdbe35e4f33ef2de4b06e57880b6e1adf2866b50989f4dfb','bd8d29d1e4df0e42ec4cb84168085e00432e5bc93302589fbebdea99ad3ef562');
INSERT INTO "audit" VALUES(20,'2026-03-01 12:02:10.000000','Ann','deployment.moved','deployment/prod/cloudlens/1','{"old": "good", "new": "superseded", "reason": "#2 serves"}','bd8d29d1e4df0e42ec4cb84168085e00432e5bc93302589fbebdea99ad3ef562','918f6f56a23328a47031271c849d49121b6fcc1f6347abc65bbf1b74ac366860');
INSERT INTO "audit" VALUES(21,'2026-03-01 12:02:10.000000','release/run-2/prod','lock.released','lock/prod/cloudlens','{"fence": 1}','918f6f56a23328a47031271c849d49121b6fcc1f6347abc65bbf1b74ac366860','5932890ab84b0c4b8a69f5caa023015cca52520a64dd7cb73a413329b184fc3d');
INSERT INTO "audit" VALUES(22,'2026-03-01 12:02:10.000000','Mei','hold.placed','hold/id-6','{"stack": "cloudlens", "version": "v0.9.0", "commit": "9999999999999999999999999999999999999999", "reason": "orders were empty"}','5932890ab84b0c4b8a69f5caa023015cca52520a64dd7cb73a413329b184fc3d','aa176c092f53c763e1cb8dd18d20c96fa99984d5c2d12ffd8e36e907effe1c98');
INSERT INTO "audit" VALUES(23,'2026-03-01 12:02:10.000000','Mei','hold.placed','hold/id-7','{"stack": "cloudlens", "version": "v0.8.0", "commit": "8888888888888888888888888888888888888888", "reason": "slow"}','aa176c092f53c763e1cb8dd18d20c96fa99984d5c2d12ffd8e36e907effe1c98','8981f9f42feae152a2840ad32482cf9da72f062d410f6225c4377035b168d2c1');
INSERT INTO "audit" VALUES(24,'2026-03-01 12:02:10.000000','Josh','hold.lifted','hold/id-7','{"stack": "cloudlens", "commit": "8888888888888888888888888888888888888888", "reason": "the disk was full"}','8981f9f42feae152a2840ad32482cf9da72f062d410f6225c4377035b168d2c1','a75b3412f6baf1926ef36e15c91cb0b4e6c24e840c3c9023ddfbdb360afb818a');
INSERT INTO "audit" VALUES(25,'2026-03-01 12:02:10.000000','tidegate','incident.opened','incident/id-8','{"stack": "cloudlens", "environment": "prod", "deployment_id": "id-4", "signal": "watch/prod/cloudlens/2/red/1", "severity": "red"}','a75b3412f6baf1926ef36e15c91cb0b4e6c24e840c3c9023ddfbdb360afb818a','e36da40f1226ab998feef6063e45bda71d13c36d1f47a0c60ed0a8460066092c');
INSERT INTO "audit" VALUES(26,'2026-03-01 12:02:10.000000','tidegate','incident.decided','incident/id-8','{"outcome": "page: slow"}','e36da40f1226ab998feef6063e45bda71d13c36d1f47a0c60ed0a8460066092c','c7a11de927ca20c0051fce7b9dc906318ddb400f8b812018aa1852f62b97805c');
INSERT INTO "audit" VALUES(27,'2026-03-01 12:02:10.000000','tidegate','incident.closed','incident/id-8','{"outcome": "healthy again"}','c7a11de927ca20c0051fce7b9dc906318ddb400f8b812018aa1852f62b97805c','d9d0d54820e3c6e9ae1a8ff5db7eba0c6784daf4b0ac98b1424b9b6c069704b6');
INSERT INTO "audit" VALUES(28,'2026-03-01 12:02:10.000000','tidegate','message.begun','message/prod/cloudlens/2/tell-released-team','{"kind": "released", "channel": "team", "attempt": 1}','d9d0d54820e3c6e9ae1a8ff5db7eba0c6784daf4b0ac98b1424b9b6c069704b6','cfcfa973de23b76f6bac6ba2b9e8447ae7dbeba6a4ba36440f73970eea9f553e');
INSERT INTO "audit" VALUES(29,'2026-03-01 12:02:10.000000','tidegate','message.failed','message/prod/cloudlens/2/tell-released-team','{"error": "no answer"}','cfcfa973de23b76f6bac6ba2b9e8447ae7dbeba6a4ba36440f73970eea9f553e','4a88a14028b641d62e26aed5903ae1f83b48c3caeec0f9020013f7ca35db1226');
INSERT INTO "audit" VALUES(30,'2026-03-01 12:02:10.000000','tidegate','message.begun','message/prod/cloudlens/2/tell-released-team','{"kind": "released", "channel": "team", "attempt": 2}','4a88a14028b641d62e26aed5903ae1f83b48c3caeec0f9020013f7ca35db1226','84712ad3cb9a597182410dcd8e38a67a5f78016c63ab8bb2ad7f970a3afec8b5');
INSERT INTO "audit" VALUES(31,'2026-03-01 12:02:10.000000','tidegate','message.sent','message/prod/cloudlens/2/tell-released-team','{}','84712ad3cb9a597182410dcd8e38a67a5f78016c63ab8bb2ad7f970a3afec8b5','1300c5b025db8809ad6f1351c7fc2ff065f1ab42b064fa7479ce1608e2d2240b');
CREATE TABLE backups (
	id VARCHAR NOT NULL, 
	deployment_id VARCHAR, 
	stack VARCHAR NOT NULL, 
	environment VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	size BIGINT NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	schema_revision VARCHAR, 
	tables JSON NOT NULL, 
	dump_seconds DOUBLE NOT NULL, 
	restore_seconds DOUBLE NOT NULL, 
	made_at DATETIME NOT NULL, 
	verified_at DATETIME, 
	pruned_at DATETIME, 
	CONSTRAINT pk_backups PRIMARY KEY (id), 
	CONSTRAINT fk_backups_deployment_id FOREIGN KEY(deployment_id) REFERENCES deployments (id)
);
INSERT INTO "backups" VALUES('b1','id-4','cloudlens','prod','/backups/b1',5000000000,'abababababababababababababababababababababababababababababababab','0002','{"main.bills": 3}',1.5,2.5,'2026-03-01 12:02:01.000000','2026-03-01 12:02:01.000000',NULL);
CREATE TABLE deployments (
	id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	stack VARCHAR NOT NULL, 
	environment VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	release_id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	origin_id VARCHAR, 
	rollback_target_id VARCHAR, 
	slot VARCHAR NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	reason VARCHAR NOT NULL, 
	requested_by VARCHAR NOT NULL, 
	run_id VARCHAR NOT NULL, 
	plan_hash VARCHAR, 
	schema_before VARCHAR, 
	schema_after VARCHAR, 
	figures JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	switched_at DATETIME, 
	good_at DATETIME, 
	ended_at DATETIME, 
	CONSTRAINT pk_deployments PRIMARY KEY (id), 
	CONSTRAINT uq_deployments_key UNIQUE ("key"), 
	CONSTRAINT uq_deployments_stack_environment_number UNIQUE (stack, environment, number), 
	CONSTRAINT fk_deployments_release_id FOREIGN KEY(release_id) REFERENCES releases (id), 
	CONSTRAINT fk_deployments_origin_id FOREIGN KEY(origin_id) REFERENCES deployments (id), 
	CONSTRAINT fk_deployments_rollback_target_id FOREIGN KEY(rollback_target_id) REFERENCES deployments (id)
);
INSERT INTO "deployments" VALUES('id-2','release/run-1/prod','cloudlens','prod',1,'id-1','release',NULL,NULL,'cloudlens-prod-1','superseded','#2 serves','mei','run-1',NULL,NULL,NULL,'{}','2026-03-01 12:00:00.000000','2026-03-01 12:00:00.000000','2026-03-01 12:00:00.000000','2026-03-01 12:00:00.000000');
INSERT INTO "deployments" VALUES('id-4','release/run-2/prod','cloudlens','prod',2,'id-3','release',NULL,'id-2','cloudlens-prod-2','good','watched','mei','run-2','5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f',NULL,NULL,'{"traffic": {"failed": 0, "total": 250}}','2026-03-01 12:01:00.000000','2026-03-01 12:02:10.000000','2026-03-01 12:02:10.000000','2026-03-01 12:02:10.000000');
CREATE TABLE holds (
	id VARCHAR NOT NULL, 
	stack VARCHAR NOT NULL, 
	version VARCHAR NOT NULL, 
	"commit" VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	placed_by VARCHAR NOT NULL, 
	placed_at DATETIME NOT NULL, 
	lifted_by VARCHAR, 
	lifted_at DATETIME, 
	CONSTRAINT pk_holds PRIMARY KEY (id)
);
INSERT INTO "holds" VALUES('id-6','cloudlens','v0.9.0','9999999999999999999999999999999999999999','orders were empty','Mei','2026-03-01 12:02:10.000000',NULL,NULL);
INSERT INTO "holds" VALUES('id-7','cloudlens','v0.8.0','8888888888888888888888888888888888888888','slow','Mei','2026-03-01 12:02:10.000000','Josh','2026-03-01 12:02:10.000000');
CREATE TABLE incidents (
	id VARCHAR NOT NULL, 
	stack VARCHAR NOT NULL, 
	environment VARCHAR NOT NULL, 
	deployment_id VARCHAR, 
	signal VARCHAR NOT NULL, 
	severity VARCHAR NOT NULL, 
	opened_at DATETIME NOT NULL, 
	closed_at DATETIME, 
	outcome VARCHAR, 
	CONSTRAINT pk_incidents PRIMARY KEY (id), 
	CONSTRAINT uq_incidents_signal UNIQUE (signal), 
	CONSTRAINT fk_incidents_deployment_id FOREIGN KEY(deployment_id) REFERENCES deployments (id)
);
INSERT INTO "incidents" VALUES('id-8','cloudlens','prod','id-4','watch/prod/cloudlens/2/red/1','red','2026-03-01 12:02:10.000000','2026-03-01 12:02:10.000000','healthy again');
CREATE TABLE locks (
	stack VARCHAR NOT NULL, 
	environment VARCHAR NOT NULL, 
	owner VARCHAR, 
	fence INTEGER NOT NULL, 
	heartbeat_at DATETIME NOT NULL, 
	ttl_seconds DOUBLE NOT NULL, 
	taken_at DATETIME NOT NULL, 
	CONSTRAINT pk_locks PRIMARY KEY (stack, environment)
);
INSERT INTO "locks" VALUES('cloudlens','prod',NULL,1,'2026-03-01 12:02:01.000000',30.0,'2026-03-01 12:02:00.000000');
CREATE TABLE messages (
	"key" VARCHAR NOT NULL, 
	deployment_id VARCHAR, 
	kind VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	sent_at DATETIME, 
	error VARCHAR, 
	CONSTRAINT pk_messages PRIMARY KEY ("key"), 
	CONSTRAINT fk_messages_deployment_id FOREIGN KEY(deployment_id) REFERENCES deployments (id)
);
INSERT INTO "messages" VALUES('prod/cloudlens/2/tell-released-team','id-4','released','team',2,'2026-03-01 12:02:10.000000',NULL);
CREATE TABLE releases (
	id VARCHAR NOT NULL, 
	fingerprint VARCHAR NOT NULL, 
	stack VARCHAR NOT NULL, 
	version VARCHAR NOT NULL, 
	"commit" VARCHAR NOT NULL, 
	images JSON NOT NULL, 
	config_hash VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_releases PRIMARY KEY (id), 
	CONSTRAINT uq_releases_fingerprint UNIQUE (fingerprint)
);
INSERT INTO "releases" VALUES('id-1','b8dec11af435344c6fc5cd101853a1d9b53d38aa462f94e91a4c569a90706e93','cloudlens','v1.0.0','76312e302e300000000000000000000000000000','{"backend": "sha256:v1.0.0"}','c1','2026-03-01 12:00:00.000000');
INSERT INTO "releases" VALUES('id-3','b2f461eb3b42cbb81b60e460bfa68013d22c0ce0a0335673add30942cf1b4be8','cloudlens','v1.1.0','76312e312e300000000000000000000000000000','{"backend": "sha256:v1.1.0"}','c1','2026-03-01 12:01:00.000000');
CREATE TABLE steps (
	"key" VARCHAR NOT NULL, 
	deployment_id VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	intent JSON NOT NULL, 
	evidence JSON NOT NULL, 
	error VARCHAR, 
	fence INTEGER, 
	started_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	CONSTRAINT pk_steps PRIMARY KEY ("key"), 
	CONSTRAINT fk_steps_deployment_id FOREIGN KEY(deployment_id) REFERENCES deployments (id)
);
INSERT INTO "steps" VALUES('prod/cloudlens/2/back-up','id-4',1,'back-up','done',2,'{"version": "v1.1.0"}','{"made": true, "seconds": 1.5}',NULL,1,'2026-03-01 12:02:01.000000','2026-03-01 12:02:01.000000');
CREATE INDEX ix_releases_stack ON releases (stack);
CREATE INDEX ix_deployments_state ON deployments (state);
CREATE INDEX ix_steps_deployment_id ON steps (deployment_id);
CREATE INDEX ix_approvals_deployment_id ON approvals (deployment_id);
CREATE INDEX ix_backups_deployment_id ON backups (deployment_id);
CREATE INDEX ix_holds_stack ON holds (stack);
CREATE INDEX ix_messages_deployment_id ON messages (deployment_id);
CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append only'); END;
CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append only'); END;
COMMIT;
