declare module "tls-sig-api-v2/TLSSigAPIv2.js" {
  /** Tencent's own signer. It checks nothing: a wrong expiry gives a wrong signature without a word. */
  class Api {
    constructor(sdkAppId: number, secretKey: string);
    /** @param validSeconds seconds from now */
    genUserSig(identifier: string, validSeconds: number): string;
  }
  const tlsSigApi: { Api: typeof Api };
  export default tlsSigApi;
}
