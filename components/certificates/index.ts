export { CertificateAuthority, type CertificateAuthorityArgs } from "./authority";
export { Certificate, type CertificateArgs, type CertificateFiles, type CertificateUse } from "./certificate";
